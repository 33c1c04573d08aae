"""Makes the end of a call close its connections to the provider.

LiteLLM's aiohttp transport wraps its stream in httpx's AsyncIteratorByteStream, whose aclose
does nothing, so neither cancelling the task nor `response.aclose()` reaches the socket, and the
provider goes on generating. Two measures, both in the transport, so that they hold for every
provider: the response gets the stream whose aclose does close; and the call that a response was
opened in remembers it, since LiteLLM's wrappers bury it in generators.

A request that has no response yet needs nothing: aiohttp closes the connection of a cancelled
request itself. httpx's own transport closes when the reading task is cancelled, but not when
the task waits for its consumer: there the call must remember the response, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from .context import current_call

CLOSE_TIMEOUT_S = 1.0

_logger = logging.getLogger("litellm_bridge")


def install() -> None:
    """Patches the transports. Imports litellm.

    A LiteLLM without these classes is left as it is: cancelling the task is all there is then.
    """
    try:
        import httpx
        from litellm.llms.custom_httpx import aiohttp_transport
    except ImportError:
        return
    _wrap(httpx.AsyncHTTPTransport, _remember)
    stream_class: Any = getattr(aiohttp_transport, "AiohttpResponseStream", ())
    transport: Any = getattr(aiohttp_transport, "LiteLLMAiohttpTransport", None)

    def unwrap_and_remember(response: Any) -> None:
        inner = getattr(response.stream, "_stream", None)
        if isinstance(inner, stream_class):
            response.stream = inner
        _remember(response)

    _wrap(transport, unwrap_and_remember)


def _wrap(transport: Any, on_response: Callable[[Any], None]) -> None:
    """Lets on_response see each response that a transport class opens."""
    plain = getattr(transport, "handle_async_request", None)
    if plain is None:
        return

    async def handle_async_request(self: Any, request: Any) -> Any:
        response = await plain(self, request)
        on_response(response)
        return response

    transport.handle_async_request = handle_async_request


def _remember(response: Any) -> None:
    """Only what the call's own task opened: a callback's request may outlive the call."""
    call = current_call.get()
    if call is not None and asyncio.current_task() is call.task:
        call.responses.append(response)


async def close_responses(responses: Iterable[Any]) -> None:
    """Closes the connections that were not read to their end; those that were are reused."""
    tasks = [asyncio.ensure_future(_close(response)) for response in responses]
    if tasks:
        await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)


async def _close(response: Any) -> None:
    try:
        await response.aclose()
    except Exception as exc:
        _logger.debug("closing a connection failed: %s", exc)
