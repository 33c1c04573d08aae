"""Streams: read to their end, each chunk sent when its consumer is ready."""

from __future__ import annotations

from typing import Any

from . import frames
from .accounts import StreamAccount, whole_meta
from .calls import Call
from .chunks import ChunkEncoder
from .fast import FastStream, planned, tried
from .turns import Turn


async def pump(call: Call, source: Any) -> None:
    """Sends every chunk of source, then `end`.

    An error of the provider in mid-stream propagates after the chunks that came; what they cost
    is in call.account then.
    """
    if not hasattr(source, "__aiter__"):
        await _send_whole(call, source)
        return
    account = StreamAccount(call, source)
    call.account = account.meta
    await tried()
    plan = planned(call, source)
    if plan is None:
        await _iterate(call, source)
    else:
        await FastStream(call, plan).run()
    call.settle(frames.END, account.meta())


async def _iterate(call: Call, source: Any) -> None:
    """LiteLLM's own way."""
    encoder = ChunkEncoder()
    turn = Turn()
    async for chunk in source:
        call.respond()
        kind, payload = encoder.encode(chunk)
        if not call.try_send(kind, payload):
            await call.send(kind, payload)
        await turn.share()


async def _send_whole(call: Call, response: Any) -> None:
    """LiteLLM answers some streaming requests with a whole response: it is the only chunk."""
    call.respond()
    await call.send(*ChunkEncoder().encode(response))
    call.settle(frames.END, whole_meta(call, response))
