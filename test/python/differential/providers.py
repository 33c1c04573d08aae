"""How LiteLLM is asked for a stream of each provider, with a client of ours below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import litellm
import openai
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, get_async_httpx_client
from litellm.llms.vertex_ai.gemini import vertex_and_google_ai_studio_gemini as gemini

from versions import IS_LOCKED

MESSAGES = [{"role": "user", "content": "hi"}]
# Newer versions ask version 2 of Cohere's API unless the name says otherwise.
COHERE = "command-r" if IS_LOCKED else "v1/command-r"
_SDK = {"api_key": "k", "max_retries": 0}


class Provider(NamedTuple):
    client: Callable[[httpx.AsyncClient], Any]
    options: dict[str, Any]
    is_text: bool = False  # LiteLLM's text completion

    async def open(self, client: Any, **extra: Any) -> Any:
        options = {"client": client, "api_key": "k", "stream": True, **self.options, **extra}
        if client is None:
            del options["client"]
        if self.is_text:
            return await litellm.atext_completion(prompt="hi", **options)
        return await litellm.acompletion(messages=MESSAGES, **options)


def _sdk(http: httpx.AsyncClient) -> Any:
    return openai.AsyncOpenAI(http_client=http, **_SDK)


def _azure(http: httpx.AsyncClient) -> Any:
    base = {"azure_endpoint": "http://provider", "api_version": "2024-06-01"}
    return openai.AsyncAzureOpenAI(http_client=http, **base, **_SDK)


def _handler(http: httpx.AsyncClient) -> Any:
    handler = AsyncHTTPHandler()
    handler.client = http
    return handler


GEMINI_PLAIN = gemini.ModelResponseIterator.handle_accumulated_json_chunk


def _mend_gemini() -> None:
    """LiteLLM 1.78.7 never ends when a first event was cut; newer versions let it go at the end."""
    plain = GEMINI_PLAIN

    def handle(self: Any, chunk: str, **options: Any) -> Any:
        made = plain(self, chunk, **options)
        if chunk == "" and made is None:
            self.accumulated_json = ""
        return made

    gemini.ModelResponseIterator.handle_accumulated_json_chunk = handle


if IS_LOCKED:
    _mend_gemini()


def _module_level(http: httpx.AsyncClient) -> None:
    """LiteLLM opens Gemini's streams with its own client."""
    litellm.module_level_aclient.client = http


def _cached(http: httpx.AsyncClient) -> None:
    """LiteLLM passes no client of ours on to Cohere's code: its own is made to use it."""
    get_async_httpx_client(litellm.LlmProviders.COHERE_CHAT, {"ssl_verify": None}).client = http


def _line_reader(model: str, **options: Any) -> Provider:
    return Provider(_handler, {"model": model, **options})


_AWS = {"aws_access_key_id": "AKIAX", "aws_secret_access_key": "y", "aws_region_name": "us-east-1"}


def _bedrock(model: str) -> Provider:
    """LiteLLM 1.78.7 opens the streams of InvokeModel with its own client."""
    client = _handler if model.startswith("converse/") or not IS_LOCKED else _module_level
    return Provider(client, {"model": f"bedrock/{model}", **_AWS})


PROVIDERS = {
    "openai": Provider(_sdk, {"model": "openai/gpt-4o-mini"}),
    "azure": Provider(
        _azure,
        {
            "model": "azure/gpt-4o-mini",
            "api_base": "http://provider",
            "api_version": "2024-06-01",
        },
    ),
    "groq": _line_reader("groq/gpt-4o-mini"),
    "mistral": _line_reader("mistral/mistral-small"),
    "deepseek": _line_reader("deepseek/deepseek-chat"),
    "openrouter": _line_reader("openrouter/openai/gpt-4o-mini"),
    "anthropic": _line_reader("anthropic/claude-haiku-4-5-20251001"),
    "bedrock": _bedrock("converse/anthropic.claude-3-5-sonnet-20240620-v1:0"),
    "bedrock anthropic": _bedrock("invoke/anthropic.claude-3-5-sonnet-20240620-v1:0"),
    "bedrock titan": _bedrock("invoke/amazon.titan-text-express-v1"),
    "bedrock llama": _bedrock("invoke/meta.llama3-8b-instruct-v1:0"),
    "bedrock mistral": _bedrock("invoke/mistral.mistral-7b-instruct-v0:2"),
    "bedrock cohere": _bedrock("invoke/cohere.command-text-v14"),
    "bedrock nova": _bedrock("invoke/us.amazon.nova-lite-v1:0"),
    "bedrock deepseek": _bedrock("deepseek_r1/arn:aws:bedrock:us-east-1:1:imported-model/r1"),
    "gemini": Provider(_module_level, {"model": "gemini/gemini-2.5-flash"}),
    "cohere": Provider(_cached, {"model": "cohere_chat/" + COHERE}),
    "cohere 2": Provider(_cached, {"model": "cohere_chat/command-r"}),  # of newer versions only
    "ollama_chat": _line_reader("ollama_chat/llama3", api_base="http://provider"),
    "ollama": _line_reader("ollama/llama3", api_base="http://provider"),
    "text": Provider(_sdk, {"model": "text-completion-openai/gpt-3.5-turbo-instruct"}, True),
}
