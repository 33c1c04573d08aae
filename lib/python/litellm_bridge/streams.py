"""Streams: LiteLLM's own wrapper read to its end, each chunk sent when its consumer is ready."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from . import frames
from .accounts import StreamAccount, whole_meta
from .calls import Call
from .chunks import ChunkEncoder

TURN_S = 0.005  # a stream whose bytes are all there yields the loop to others this often


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
    encoder = ChunkEncoder()
    turn = _Turn()
    async for chunk in source:
        call.respond()
        kind, payload = encoder.encode(chunk)
        if not call.try_send(kind, payload):
            await call.send(kind, payload)
        await turn.share()
    call.settle(frames.END, account.meta())


async def _send_whole(call: Call, response: Any) -> None:
    """LiteLLM answers some streaming requests with a whole response: it is the only chunk."""
    call.respond()
    await call.send(*ChunkEncoder().encode(response))
    call.settle(frames.END, whole_meta(call, response))


class _Turn:
    """Lets the loop serve others when one stream has had it for TURN_S."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    async def share(self) -> None:
        if time.monotonic() - self._began > TURN_S:
            await asyncio.sleep(0)
            self._began = time.monotonic()
