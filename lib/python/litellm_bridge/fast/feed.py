"""LiteLLM's own stream wrapper, given the provider's bytes piece by piece."""

from __future__ import annotations

import asyncio
import types
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .formats import Fit


class _NeedBytes:
    """Awaited where the source's own code waits for bytes: suspends it there."""

    def __await__(self) -> Generator[_NeedBytes, None, None]:
        yield self


_NEED_BYTES = _NeedBytes()


class ByteFeed:
    """Stands in for a response's aiter_bytes(): gives the bytes that are put in."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._end: Exception | None = None

    def put(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def end(self, reason: Exception | None = None) -> None:
        """reason: what reading failed with. None: the response is complete."""
        self._end = reason or StopAsyncIteration()

    def __call__(self, chunk_size: int | None = None) -> ByteFeed:
        return self

    def __aiter__(self) -> ByteFeed:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._end is not None:
                raise self._end
            await _NEED_BYTES
        return self._pieces.popleft()


@types.coroutine
def _advance(
    step: Coroutine[Any, Any, Any], interrupt: BaseException | None = None
) -> Generator[Any, Any, Any]:
    """Runs step until it returns or needs bytes (then it stays suspended, for the next time).

    What else it awaits is awaited by our own task, so that its code runs in this task as usual.
    """
    error, value = interrupt, None
    while True:
        try:
            awaited = step.send(value) if error is None else step.throw(error)
        except StopIteration as done:
            return done.value
        if awaited is _NEED_BYTES:
            return _NEED_BYTES
        error = None
        try:
            value = yield awaited
        except BaseException as exc:  # a cancel, or the failure of what was awaited
            error = exc


class WrapperFeed:
    """Drives a stream of LiteLLM's with bytes of our choice. Used in one task.

    Between two pieces its __anext__ is suspended where it waits for bytes, as it would be in
    plain use.
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self._bytes = ByteFeed()
        self._step: Coroutine[Any, Any, Any] | None = None
        self.ended = False  # the source has said so, maybe before the provider did

    def attach(self, wrapper: Any, fit: Fit) -> None:
        """From now on what the wrapper reads is what is put in."""
        if fit.attach is None:
            fit.response.aiter_bytes = self._bytes
        else:
            fit.attach(wrapper, self._bytes)

    def begin(self) -> AsyncIterator[Any]:
        """The chunks that come without a byte put in: all, if nothing was attached meanwhile."""
        return self._chunks()

    def put(self, piece: bytes) -> AsyncIterator[Any]:
        """The chunks that LiteLLM makes of it. Raises what the source raises."""
        self._bytes.put(piece)
        return self._chunks()

    def end(self, reason: Exception | None = None) -> AsyncIterator[Any]:
        """The chunks that LiteLLM makes of the end, or of the failure, of the response."""
        self._bytes.end(reason)
        return self._chunks()

    async def close(self) -> None:
        """Ends the suspended code as the cancel of its task would. Raises nothing."""
        step, self._step = self._step, None
        if step is None:
            return
        try:
            await _advance(step, asyncio.CancelledError())
        except (Exception, asyncio.CancelledError):
            pass
        step.close()

    async def _chunks(self) -> AsyncIterator[Any]:
        while not self.ended:
            step = self._step = self._step or self._source.__anext__()
            try:
                chunk = await _advance(step)
            except StopAsyncIteration:
                self.ended = True
                chunk = None
            except BaseException:
                self._step = None  # it has ended with this
                raise
            if chunk is _NEED_BYTES:
                return
            self._step = None
            if not self.ended:
                yield chunk
