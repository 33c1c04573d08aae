"""A call as Node would send it, through the worker and LiteLLM, answered by us.

Nothing of it leaves the process: the HTTP transports answer the calls of a rehearsal themselves.
Callbacks of the application would see it, so with callbacks there is none.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ..calls import Call
from ..channel import Channel
from ..context import current_call
from ..dispatch import Dispatcher
from ..frames import STREAM, WHOLE, CallRequest
from ..requests import listeners
from ..run import run_call
from .answers import answer

_NOWHERE = "http://warm-up.invalid"
_KEY = "warm-up"
_WINDOW = 1 << 30
_CALLBACKS = (*listeners.EVERY, "service_callback")

# How a provider is asked. Others are asked as OpenAI is: most speak its language.
_ROUTES: dict[str, dict[str, str]] = {
    "openai": {"model": "openai/gpt-4o", "api_base": f"{_NOWHERE}/v1"},
    "azure": {"model": "azure/gpt-4o", "api_base": _NOWHERE, "api_version": "2024-10-21"},
    "anthropic": {"model": "anthropic/claude-3-5-sonnet-20240620", "api_base": _NOWHERE},
    "gemini": {"model": "gemini/gemini-1.5-pro", "api_base": _NOWHERE},
    "bedrock": {
        "model": "bedrock/converse/anthropic.claude-3-sonnet-20240229-v1:0",
        "aws_bedrock_runtime_endpoint": _NOWHERE,
        "aws_access_key_id": "AKIAWARMUP",
        "aws_secret_access_key": _KEY,
        "aws_region_name": "us-east-1",
    },
}
_FAMILIES = {"anthropic": "anthropic", "gemini": "gemini", "bedrock": "bedrock"}


class _Nowhere:
    """The channel of a rehearsal: takes all and sends nothing."""

    congested = False
    closed = False

    def send(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


class Rehearsal(Call):
    """A call whose answer is made here. Failing is no matter: what it imported stays."""

    def __init__(self, provider: str, *, stream: bool) -> None:
        request = CallRequest(
            _WINDOW, STREAM if stream else WHOLE, "completion", _body(provider, stream=stream)
        )
        nowhere: Any = _Nowhere()
        channel: Channel = nowhere
        super().__init__(channel, 0, request)
        self.family = _FAMILIES.get(provider, "openai")
        self.failed = False

    def settle(self, kind: int, meta: dict[str, Any]) -> None:
        self.failed = self.failed or "code" in meta
        super().settle(kind, meta)


def _body(provider: str, *, stream: bool) -> bytes:
    route = _ROUTES.get(provider) or {"model": f"{provider}/warm-up", "api_base": _NOWHERE}
    key = {} if provider == "bedrock" else {"api_key": _KEY}
    messages = [{"role": "user", "content": "Hi"}]
    return json.dumps({**route, **key, "messages": messages, "stream": stream}).encode()


def may_rehearse(litellm: ModuleType) -> bool:
    """Whether nobody but us would know of a call."""
    if getattr(litellm, "cache", None) or getattr(litellm, "max_budget", 0):
        return False
    return not listeners.anybody(litellm, _CALLBACKS)


async def rehearse(provider: str, dispatcher: Dispatcher, *, stream: bool) -> bool:
    """False: it failed. Raises nothing."""
    ready: asyncio.Future[Dispatcher] = asyncio.get_running_loop().create_future()
    ready.set_result(dispatcher)
    call = Rehearsal(provider, stream=stream)
    with _answering():
        call.task = asyncio.ensure_future(run_call(call, ready))
        await asyncio.wait([call.task])
    call.release()
    return not call.failed


@contextmanager
def _answering() -> Iterator[None]:
    """The transports answer rehearsals; all other requests go their way."""
    classes = _transports()
    plain = [cls.handle_async_request for cls in classes]
    for cls in classes:
        cls.handle_async_request = _answerer(cls.handle_async_request)
    try:
        yield
    finally:
        for cls, method in zip(classes, plain, strict=True):
            cls.handle_async_request = method


def _transports() -> list[Any]:
    import httpx

    classes: list[Any] = [httpx.AsyncHTTPTransport]
    try:
        from litellm.llms.custom_httpx import aiohttp_transport
    except ImportError:
        return classes
    ours = getattr(aiohttp_transport, "LiteLLMAiohttpTransport", None)
    return classes if ours is None else [*classes, ours]


def _answerer(plain: Any) -> Any:
    async def handle_async_request(self: Any, request: Any) -> Any:
        call = current_call.get()
        if not isinstance(call, Rehearsal):
            return await plain(self, request)
        open_session = getattr(self, "_get_valid_client_session", None)
        if open_session is not None:
            open_session()  # its making belongs to the first request, too
        return _response(call, request)

    return handle_async_request


def _response(call: Rehearsal, request: Any) -> Any:
    import httpx

    kind, body = answer(call.family, stream=call.is_stream)
    headers = {"content-type": kind}
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body), request=request)
