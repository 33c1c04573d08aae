"""Every client that LiteLLM uses, against each address: what came of it, as JSON.

Standard input: {name: url}. Output: {client: {name: "ok" or the error's text}}.
"""

import asyncio
import json
import os
import sys

from litellm_bridge import measures, trust

trust.install(os.environ)
with measures.applied(os.environ):
    import litellm

litellm.suppress_debug_info = True
MESSAGES = [{"role": "user", "content": "hi"}]


def request(provider: str, path: str, **more):
    """The arguments of a completion, given the address."""

    def of(url: str) -> dict:
        common = {"messages": MESSAGES, "max_tokens": 5, "max_retries": 0, "num_retries": 0}
        return {"model": f"{provider}/m", "api_base": url + path, "api_key": "k", **common, **more}

    return of


AWS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_region_name": "us-east-1"}
PROVIDERS = {
    "openai": request("openai", "/v1"),
    "azure": request("azure", "", api_version="2024-06-01"),
    "mistral": request("mistral", "/v1"),
    "anthropic": request("anthropic", "/v1/messages"),
    "gemini": request("gemini", "/v1/m"),
    "bedrock": request("bedrock/converse", "/model/m/converse", **AWS),
}


def text(answer) -> None:
    assert answer.choices[0].message.content == "hello", answer


def sync(of):
    return lambda url: text(litellm.completion(**of(url)))


def asynchronous(of):
    return lambda url: text(LOOP.run_until_complete(litellm.acompletion(**of(url))))


def sts(url: str) -> None:
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    try:
        boto3.client("sts", endpoint_url=url, config=config, **keys).get_caller_identity()
    except Exception as exc:
        if "parser" not in repr(exc).lower():  # it was answered, if with JSON in place of XML
            raise


def plain(url: str) -> None:
    import requests

    requests.get(url, timeout=20)


CLIENTS = {
    **{f"{name}, sync": sync(of) for name, of in PROVIDERS.items()},
    **{f"{name}, aiohttp": asynchronous(of) for name, of in PROVIDERS.items()},
    "boto3": sts,
    "requests": plain,
}
HTTPX = {f"{name}, httpx": asynchronous(of) for name, of in PROVIDERS.items()}


def chain(exc: BaseException | None) -> str:
    words = []
    while exc is not None and len(words) < 20:
        words.append(repr(exc))
        exc = exc.__cause__ or exc.__context__
    return " <- ".join(words)[:4000]


def outcome(client, url: str) -> str:
    try:
        client(url)
    except Exception as exc:
        return chain(exc)
    return "ok"


LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)
URLS = json.load(sys.stdin)
told = {}
for name, client in CLIENTS.items():
    told[name] = {kind: outcome(client, url) for kind, url in URLS.items()}
litellm.disable_aiohttp_transport = True
litellm.in_memory_llm_clients_cache.flush_cache()
for name, client in HTTPX.items():
    told[name] = {kind: outcome(client, url) for kind, url in URLS.items()}
print(json.dumps(told))
