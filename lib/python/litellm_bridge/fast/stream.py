"""One stream on the fast path: from the provider's bytes to frames."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncIterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from .. import frames
from ..chunks import ChunkEncoder, Message
from ..turns import Turn
from .feed import WrapperFeed
from .fit import Plan, fitting, repetition_limit
from .formats import Fit
from .formats.base import Block
from .lane import Lane
from .learner import Learner
from .source import Source
from .state import WrapperState
from .switch import switch
from .templates import Replay

if TYPE_CHECKING:
    from ..calls import Call


class FastStream:
    """Sends every chunk of one stream of LiteLLM's. Used once, in the task of its call."""

    def __init__(self, call: Call, plan: Plan) -> None:
        self._call = call
        self._plan = plan
        self._feed = WrapperFeed(plan.source)
        self._encoder = ChunkEncoder()
        self._replay = Replay(self._encoder)
        self._turn = Turn()
        self._events: deque[bytes] = deque()  # not done yet
        self._out: list[Message] = []  # not sent yet
        self._failure: BaseException | None = None  # of what ran in the data callback
        self._fit: Fit | None = None  # None: LiteLLM does it all
        self._lane: Lane | None = None  # of events that come one by one

    @property
    def is_fast(self) -> bool:
        """Whether it is known to be one of those that the fast path fits."""
        return self._fit is not None

    async def run(self) -> None:
        """Returns at the end of the stream; raises what LiteLLM raises, after the chunks before."""
        try:
            if await self._open():
                await self._fast()
        finally:
            await self._feed.close()

    async def _open(self) -> bool:
        """Finds out how the stream is read; some of LiteLLM's send the request only now.

        False: nothing is left to do.
        """
        call, wrapper = self._call, self._plan.wrapper
        if wrapper is not None and wrapper.completion_stream is not None:
            self._begin(wrapper)
        elif wrapper is not None:
            self._begin_after_request(wrapper)
        else:
            call.on_wrapper = self._begin
        if self._fit is None:
            await self._litellm(self._feed.begin())
        call.on_wrapper = None
        return self._fit is not None and not self._feed.ended

    def _begin_after_request(self, wrapper: Any) -> None:
        make_call = wrapper.make_call
        if not callable(make_call):
            return

        async def request(*args: Any, **kwargs: Any) -> Any:
            wrapper.make_call = make_call
            wrapper.completion_stream = await make_call(*args, **kwargs)
            self._begin(wrapper)
            return wrapper.completion_stream

        wrapper.make_call = request

    def _begin(self, wrapper: Any) -> None:
        """wrapper: nothing of its stream has been read."""
        fit = self._fit = fitting(wrapper)
        if fit is None:
            return
        fit.format.prepare(fit.iterator)
        self._feed.attach(wrapper, fit)
        self._state = WrapperState(wrapper, fit.iterator, repetition_limit())
        self._learner = Learner(wrapper, fit, self._state, switch)
        self._format = fit.format
        self._is_odd = fit.format.is_odd
        self._cutter = fit.format.cutter()

    async def _fast(self) -> None:
        assert self._fit is not None
        source = Source(self._fit.response, self._take_now, self._fit.chunk_size)
        try:
            await self._read(source)
        finally:
            self._state.sync()
            with contextlib.suppress(Exception):
                await source.close()

    async def _read(self, source: Source) -> None:
        end = None
        while not self._feed.ended:
            try:
                piece = await source.read()
            except Exception as exc:  # LiteLLM makes its own error of it
                end = exc
                break
            if piece is None:
                break
            await self._take(piece)
            if self._cutter.mixed:
                source.leave_callback()
            await self._turn.share()
        await self._finish(end)

    def _take_now(self, piece: bytes) -> bool:
        """Does as much of a piece as goes without LiteLLM and without waiting: whether all."""
        try:
            lane, self._lane = self._lane, None
            if lane is None or not self._pass(lane, piece):
                self._accept(piece)
                if self._events:
                    self._answer_events()
                if self._events or self._cutter.mixed or not self._send_now():
                    return False
                lane = self._new_lane()
            self._lane = lane
            return True
        except BaseException as exc:  # belongs to the task, and not to the transport
            self._failure = exc
            return False

    def _pass(self, lane: Lane, piece: bytes) -> bool:
        """False: nothing was done."""
        text = lane.text(piece)
        if text is None or not self._call.may_send(len(text)):
            return False
        if not self._state.add_one(lane.template, text):
            return False
        self._call.put(frames.DELTA, text)
        return True

    def _new_lane(self) -> Lane | None:
        """For the next piece, after all that came was sent."""
        template, end = self._replay.current, self._cutter.end
        if template is None or not end or self._feed.ended:
            return None
        return Lane(template, end, self._is_odd)

    async def _take(self, piece: bytes) -> None:
        """piece: b"" for what _take_now left."""
        self._lane = None
        if self._failure is not None:
            raise self._failure
        if piece:
            if self._cutter.mixed:
                await self._litellm(self._feed.put(piece))
                return
            self._accept(piece)
        await self._work()

    def _accept(self, piece: bytes) -> None:
        """Answers the events that are complete now, if they are all of the last one's kind."""
        block = None if self._events or self._feed.ended else self._cutter.block(piece)
        if block is None:
            self._events.extend(self._cutter.feed(piece))
        elif not self._answer_run(block):
            self._events.extend(block.events())

    def _answer_run(self, block: Block) -> bool:
        run = self._replay.run(*block)
        if run is None or (self._is_odd is not None and self._is_odd(block.data)):
            return False
        template, texts = run
        if not self._state.add_run(template, texts):
            return False
        self._out.extend(zip(repeat(frames.DELTA), texts))
        return True

    async def _work(self) -> None:
        self._answer_events()
        while self._events and not self._feed.ended:
            await self._give(self._events.popleft())
            self._answer_events()
        if self._cutter.mixed and not self._feed.ended:
            await self._hand_over()
        await self._send()

    def _answer_events(self) -> None:
        """Up to the first one that is LiteLLM's to do."""
        events, view_of = self._events, self._format.view
        while events and not self._feed.ended:
            view = events[0] if view_of is None else view_of(events[0])
            if view is None:
                return
            if not self._answer(view):
                if not self._foretell(view):
                    return
            events.popleft()

    def _answer(self, view: bytes) -> bool:
        """Answers an event from a template, if there is one for it."""
        if self._state.sees_repetition() or (self._is_odd is not None and self._is_odd(view)):
            return False
        known = self._replay.read(view)
        if known is None:
            return False
        template, tokens, text = known
        self._state.add(template, text, tokens)
        self._out.append(self._replay.message(template, tokens, text))
        return True

    def _foretell(self, view: bytes) -> bool:
        """Does what LiteLLM would do with an event, if that is known."""
        odd = self._is_odd is not None and self._is_odd(view)
        outcome = self._learner.consider(None if odd else view)
        if outcome is None:
            return False
        chunk = self._learner.apply(outcome)
        if chunk is not None:
            self._encode(chunk)
        if outcome.says_something:  # the first text of a stream is such: it does not wait
            self._send_now()
        self._learner.prepare(outcome)
        self._replay.active = self._learner.active()
        return True

    async def _give(self, event: bytes) -> None:
        """Lets LiteLLM do an event, and learns from it."""
        chunks = await self._litellm(self._feed.put(self._cutter.wrap(event)))
        self._learner.after(chunks)
        self._replay.active = self._learner.active()

    def _encode(self, chunk: Any) -> None:
        message = self._encoder.encode(chunk)
        if message[0] == frames.TEMPLATE:
            self._replay.forget()
        self._out.append(message)

    async def _hand_over(self) -> None:
        """The pieces of what is no complete event."""
        for piece in self._cutter.take_rest():
            await self._litellm(self._feed.put(piece))

    async def _finish(self, error: Exception | None) -> None:
        await self._hand_over()
        await self._litellm(self._feed.end(error))

    async def _litellm(self, chunks: AsyncIterator[Any]) -> list[Any]:
        """Sends the chunks that LiteLLM makes, one by one, and returns them."""
        await self._send()
        if self._fit is not None:
            self._state.sync()
        made = []
        async for chunk in chunks:
            made.append(chunk)
            self._encode(chunk)
            await self._send()
            await self._turn.share()
        return made

    def _send_now(self) -> bool:
        """Sends what there is, as far as the consumer is ready. Whether all went."""
        out = self._out
        if out:
            self._call.respond()
            del out[: self._call.try_send_all(out)]
        return not out

    async def _send(self) -> None:
        """Sends what there is, and waits where the consumer is not ready."""
        while not self._send_now():
            await self._call.send(*self._out[0])
            del self._out[0]
