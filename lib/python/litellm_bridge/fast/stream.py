"""One stream on the fast path: from the provider's bytes to frames."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from .. import frames
from ..chunks import ChunkEncoder, Message
from ..turns import Turn
from . import source
from .feed import WrapperFeed
from .fit import repetition_limit
from .formats import Fit
from .learner import Learner
from .state import WrapperState
from .switch import switch
from .templates import Replay

if TYPE_CHECKING:
    from ..calls import Call


class FastStream:
    """Sends every chunk of one wrapper of LiteLLM's. Used once, in the task of its call."""

    def __init__(self, call: Call, wrapper: Any, fit: Fit) -> None:
        self._call = call
        self._response = fit.response
        self._format = fit.format
        self._wrapper = WrapperFeed(wrapper, fit.response)
        self._state = WrapperState(wrapper, repetition_limit())
        self._learner = Learner(wrapper, fit, self._state, switch)
        self._cutter = fit.format.cutter()
        self._encoder = ChunkEncoder()
        self._replay = Replay(self._encoder)
        self._out: list[Message] = []  # not sent yet

    async def run(self) -> None:
        """Returns at the end of the stream; raises what LiteLLM raises, after the chunks before."""
        data = source.read(self._response)
        try:
            await self._read(data)
        finally:
            self._state.sync()
            await self._wrapper.close()
            with contextlib.suppress(Exception):
                await data.aclose()

    async def _read(self, data: AsyncIterator[bytes]) -> None:
        turn, end = Turn(), None
        while not self._wrapper.ended:
            try:
                piece = await anext(data)
            except StopAsyncIteration:
                break
            except Exception as exc:  # LiteLLM makes its own error of it
                end = exc
                break
            await self._take(piece)
            await turn.share()
        await self._finish(end)

    async def _take(self, piece: bytes) -> None:
        if self._cutter.mixed:
            await self._litellm(self._wrapper.put(piece))
            return
        for event in self._cutter.feed(piece):
            view = self._format.view(event)
            if view is None or not self._answer(view):
                await self._give(event, view)
            if self._wrapper.ended:
                return
        if self._cutter.mixed:
            await self._hand_over()
        await self._send()

    def _answer(self, view: bytes) -> bool:
        """Answers an event from a template, if there is one for it."""
        oddity = self._format.oddity
        if self._state.sees_repetition() or (oddity is not None and oddity.search(view)):
            return False
        known = self._replay.read(view)
        if known is None:
            return False
        template, text, message = known
        self._state.add(template, text)
        self._out.append(message)
        return True

    async def _give(self, event: bytes, view: bytes | None) -> None:
        """Lets LiteLLM do an event, and learns from it."""
        self._state.sync()
        self._learner.before(view)
        chunks = await self._litellm(self._wrapper.put(self._cutter.wrap(event)))
        self._learner.after(chunks)
        self._replay.active = self._learner.active()

    async def _hand_over(self) -> None:
        """The pieces of what is no complete event."""
        for piece in self._cutter.take_rest():
            await self._litellm(self._wrapper.put(piece))

    async def _finish(self, error: Exception | None) -> None:
        await self._hand_over()
        await self._litellm(self._wrapper.end(error))

    async def _litellm(self, chunks: AsyncIterator[Any]) -> list[Any]:
        """Sends the chunks that LiteLLM makes, one by one, and returns them."""
        await self._send()
        self._state.sync()
        made = []
        async for chunk in chunks:
            made.append(chunk)
            message = self._encoder.encode(chunk)
            if message[0] == frames.TEMPLATE:
                self._replay.forget()
            self._out.append(message)
            await self._send()
        return made

    async def _send(self) -> None:
        """Sends what there is, and waits where the consumer is not ready."""
        out, self._out = self._out, []
        if not out:
            return
        call = self._call
        call.respond()
        sent = call.try_send_all(out)
        while sent < len(out):
            await call.send(*out[sent])
            sent += 1
            sent += call.try_send_all(out[sent:])
