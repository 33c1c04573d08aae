"""The work on one call, from its arguments to its one settlement."""

from __future__ import annotations

import asyncio
from typing import Any

from . import frames
from .calls import Call
from .cancel import close_responses
from .context import current_call
from .dispatch import Dispatcher
from .errors import InvalidArgument, error_meta
from .results import result_of
from .streams import pump

_LAST_RESORT = {"code": "ERR_MEMORY", "name": "MemoryError", "retryable": False}


async def run_call(call: Call, ready: asyncio.Future[Dispatcher]) -> None:
    """Settles the call, whatever happens, and closes the connections that it leaves open.

    Raises nothing, not even SystemExit of a callback: that would end the process for all calls.
    """
    current_call.set(call)
    try:
        dispatcher = await asyncio.shield(ready)
        call.start()
        await _perform(call, dispatcher)
    except BaseException as exc:
        _settle_error(call, exc)
    finally:
        await _close(call)


async def _perform(call: Call, dispatcher: Dispatcher) -> None:
    arguments = _arguments(call)
    value = await dispatcher.call(call.name, arguments)
    if call.is_stream:
        await pump(call, value)
        return
    if hasattr(value, "__aiter__"):
        raise InvalidArgument(f"{call.name}: 'stream' was set on a call that is no stream")
    call.respond()
    await call.settle_result(*await result_of(call, value))


def _arguments(call: Call) -> dict[str, Any]:
    try:
        return call.arguments
    except ValueError as exc:
        raise InvalidArgument(f"{call.name}: the arguments are not valid JSON: {exc}") from None


def _settle_error(call: Call, exc: BaseException) -> None:
    """Never fails: a call without an answer would wait for ever."""
    try:
        known = _known_of_stream(call)
        meta = error_meta(exc, call.secrets, known.pop("headers", None))
        call.settle(frames.ERROR, meta | known)
    except BaseException:
        call.settle(frames.ERROR, dict(_LAST_RESORT, message="the error could not be told"))


def _known_of_stream(call: Call) -> dict[str, Any]:
    """What a stream knew before it failed: {} for a whole call, and for a cancelled one."""
    if call.account is None or call.cancelled:
        return {}
    account = call.account()
    names = ["usage", "cost", "estimated", "headers"]
    if account["provider"] is not None:
        names.append("provider")  # LiteLLM's error names its own part for it
    return {name: account[name] for name in names}


def settle_unstarted(call: Call) -> None:
    """For a task that was cancelled before its first step, so that run_call never ran."""
    if call.settled:
        return  # nearly always: what would be found out for an error costs a millisecond
    _settle_error(call, asyncio.CancelledError("cancelled before it was started"))


async def _close(call: Call) -> None:
    """A cancel in here is late: the call is settled, and its connections are being closed."""
    responses, call.responses = call.responses, []
    try:
        await close_responses(responses)
    except asyncio.CancelledError:
        pass
