"""A trial of the fast path, for versions of LiteLLM that no test of ours has run on.

A short stream, made here, once by LiteLLM's own way and then by the fast one, which has to give
the same chunks. It never comes to its end, so that nobody's callbacks are told of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import datetime
import functools
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

from .. import frames
from ..chunks import Message, find_slot, plain
from ..engine import KNOWN, installed_version
from .fit import planned
from .stream import FastStream
from .switch import switch

_WORDS = ("One ", "two ", "three ", "four ", "five ", "six ", "seven ", "eight.")
_LIMIT_S = 10.0
_RUNS = 3  # of the fast way: the last one is answered from recipes

_trial: asyncio.Task[None] | None = None


async def tried() -> None:
    """Returns when it is known whether streams may be fast; else the switch is off."""
    global _trial
    if not switch.on or not is_needed():
        return
    if _trial is None:  # outside of the call that happens to be the first
        _trial = asyncio.create_task(_try(), context=contextvars.Context())
    await asyncio.shield(_trial)


@functools.cache
def is_needed() -> bool:
    return installed_version() not in KNOWN


async def _try() -> None:
    try:
        async with asyncio.timeout(_LIMIT_S):
            expected = await _by_litellm()
            for _ in range(_RUNS):
                given = await _by_fast_path()
                if given != expected:
                    raise ValueError("its chunks are not LiteLLM's")
    except Exception as exc:
        reason = f"a trial on LiteLLM {installed_version()} failed"
        switch.off(f"{reason} ({type(exc).__name__}: {exc})")


async def _by_litellm() -> list[Any]:
    wrapper = _wrapper()
    return [_timeless(plain(await anext(wrapper))) for _ in _WORDS]


async def _by_fast_path() -> list[Any]:
    sink, wrapper = _Sink(), _wrapper()
    plan = planned(sink, wrapper)  # type: ignore[arg-type]
    if plan is None:
        raise ValueError("its streams are of another kind")
    task = asyncio.create_task(FastStream(sink, plan).run())  # type: ignore[arg-type]
    waiting = asyncio.create_task(sink.complete.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        task.cancel()
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return [_timeless(value) for value in _values(sink.messages)]


class _Sink:
    """What a stream needs of a call."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.complete = asyncio.Event()
        self.wrappers: list[Any] = []
        self.on_wrapper: Any = None

    def respond(self) -> None:
        pass

    def try_send_all(self, messages: Sequence[Message]) -> int:
        self.messages += messages
        if len(self.messages) >= len(_WORDS):
            self.complete.set()
        return len(messages)


def _wrapper() -> Any:
    """A stream wrapper of LiteLLM's over events of ours."""
    import httpx
    import litellm
    from litellm.litellm_core_utils.litellm_logging import Logging
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

    request = httpx.Request("POST", "http://localhost/chat/completions")
    response = httpx.Response(200, request=request, content=_events())
    stream = AsyncStream(
        cast_to=ChatCompletionChunk,
        response=response,
        client=AsyncOpenAI(api_key="none", base_url="http://localhost"),
    )
    logging = Logging(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": "hi"}],
        stream=True,
        call_type="acompletion",
        start_time=datetime.datetime.now(),
        litellm_call_id=str(uuid.uuid4()),
        function_id="",
    )
    logging.update_environment_variables(
        model="gpt-4o-mini",
        user="",
        optional_params={},
        litellm_params={},
        custom_llm_provider="openai",
    )
    return litellm.CustomStreamWrapper(
        completion_stream=stream,
        model="gpt-4o-mini",
        custom_llm_provider="openai",
        logging_obj=logging,
    )


async def _events() -> AsyncIterator[bytes]:
    for number, word in enumerate(_WORDS):
        role = {} if number else {"role": "assistant"}
        choice = {"index": 0, "delta": {**role, "content": word}, "finish_reason": None}
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
        value = {**head, "model": "gpt-4o-mini", "choices": [choice]}
        yield b"data: " + json.dumps(value).encode() + b"\n\n"
    await asyncio.Event().wait()


def _values(messages: list[Message]) -> list[Any]:
    """The chunks that Node would make of the frames."""
    values: list[Any] = []
    for kind, payload in messages:
        if kind == frames.DELTA:
            value = json.loads(json.dumps(values[-1]))
            place = find_slot(value)
            assert place is not None
            place[1][place[2]] = payload.decode()
        else:
            value = json.loads(payload[4:] if kind == frames.TEMPLATE else payload)
        values.append(value)
    return values


def _timeless(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != "created"}
