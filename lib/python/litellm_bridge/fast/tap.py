"""Takes a response's bytes in the data callback of its connection, where no task has to be woken.

A piece that arrives wakes the reader's task, which then runs through the generators of httpx,
LiteLLM and aiohttp to fetch it: more work than all that is done with the piece. Here the piece is
fetched as soon as aiohttp's own callback has put it into the StreamReader.

Two things of aiohttp are used for that, both checked once with a StreamReader of our own (another
aiohttp, another transport: the task is woken as usual): whoever waits for data is its `_waiter`,
and gets set_result or set_exception; the connection's protocol object may have methods of its own.
Whatever is not data (the end, an error, a lost connection) is left to the generators.

aiohttp makes a new timer of its read timeout with every piece; here one timer looks, when it is
due, how long the silence has been.

A paced stream brings one chunk of HTTP's chunked coding at a time, for which aiohttp's parser, its
StreamReader and their calls cost as much as all the rest. Once the parser was seen to stand between
two chunks, it is left there: chunks that are whole go past it, and it misses none that matters to
it, since each whole one would bring it back to where it stands.

A read of the socket may bring 256 KB, a thousand chunks and more. They are taken in shares, one in
each turn of the loop, so that other streams wait for one share at most.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

TakeNow = Callable[[bytes], bool]

SHARE = 16 * 1024  # bytes of one stream in one turn of the loop: some 70 chunks of OpenAI's


class Tap:
    """Of one response. Everything runs on the loop's thread."""

    def __init__(self, reader: Any, protocol: Any, take_now: TakeNow) -> None:
        self._reader = reader
        self._protocol = protocol
        self._take_now = take_now
        self._plain = type(protocol).data_received.__get__(protocol)
        self._woken: asyncio.Future[None] | None = None  # what the task waits for
        self._left = False  # take_now could not do all of a piece
        self._between = False  # the parser stands between two chunks
        self._more: asyncio.Handle | None = None  # takes the next share
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._hooks = {
            "data_received": self._data_received,
            "_reschedule_timeout": self._reschedule_timeout,
        }
        vars(protocol).update(self._hooks)
        self._tell_transport()
        if protocol._read_timeout_handle is not None:
            protocol._drop_timeout()
            self._reschedule_timeout()

    async def read(self) -> bytes | None:
        """The next piece; b"" where take_now left some of one undone; None: the end, or an error."""
        reader = self._reader
        while not self._left:
            if reader._buffer:  # what came before an error counts
                return bytes(reader._read_nowait(SHARE))
            if self._is_over():
                return None
            await self._wait()
        self._left = False
        return b""

    def close(self) -> None:
        """The connection is as it was; it may have another response already."""
        if self._reader._waiter is self:
            self._reader._waiter = None
        if self._more is not None:
            self._more.cancel()
            self._more = None
        own = vars(self._protocol)
        if own.get("data_received") is self._hooks["data_received"]:
            for name in self._hooks:
                del own[name]
            self._tell_transport()

    # -- as the future that aiohttp's reader waits with

    def done(self) -> bool:
        return False

    def set_result(self, _: None) -> None:
        """The end, mostly: nobody waits at the reader while data comes in."""
        self._wake()

    def set_exception(self, _: BaseException) -> None:
        self._wake()

    # -- what the transport calls

    def _data_received(self, data: bytes) -> None:
        reader = self._reader
        if reader._waiter is not self:  # the task or a share to come takes it
            if data:  # newer versions of aiohttp let the parser go on after a pause with none
                self._between = False
            self._plain(data)
            return
        body = _body_of(data)
        if body is not None and self._between:
            self._heard_at = self._loop.time()
            if not self._take_now(body):
                self._leave_rest()
            return
        reader._waiter = None
        try:
            self._plain(data)
        finally:
            self._between = body is not None and [*reader._buffer] == [body]
            self._pull()

    def _leave_rest(self) -> None:
        """The task does what take_now could not."""
        self._reader._waiter = None
        self._left = True
        self._wake()

    def _pull(self) -> None:
        reader = self._reader
        if reader._buffer and not self._take_now(self._buffered()):
            self._leave_rest()
        elif reader._buffer:
            self._more = self._loop.call_soon(self._take_share)
        elif self._is_over():
            self._wake()
        else:
            reader._waiter = self

    def _take_share(self) -> None:
        self._more = None
        self._pull()

    def _is_over(self) -> bool:
        reader = self._reader
        if reader._eof or reader._exception is not None:
            return True
        return self._protocol.transport is None

    def _buffered(self) -> bytes:
        """A share of what came."""
        reader = self._reader
        if len(reader._buffer) == 1:
            return bytes(reader._read_nowait_chunk(SHARE))
        return bytes(reader._read_nowait(SHARE))

    # -- between the two

    async def _wait(self) -> None:
        self._woken = self._loop.create_future()
        self._reader._waiter = self
        try:
            await self._woken
        finally:
            self._woken = None
            if self._reader._waiter is self:
                self._reader._waiter = None

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _reschedule_timeout(self) -> None:
        """Called by aiohttp with each piece, and when reading goes on after a pause."""
        self._heard_at = self._loop.time()
        protocol = self._protocol
        if protocol._read_timeout_handle is None and protocol._read_timeout:
            self._start_timer(protocol._read_timeout)

    def _start_timer(self, delay_s: float) -> None:
        self._protocol._read_timeout_handle = self._loop.call_later(delay_s, self._timer_due)

    def _timer_due(self) -> None:
        silence_s = self._loop.time() - self._heard_at
        if silence_s < self._protocol._read_timeout:
            self._start_timer(self._protocol._read_timeout - silence_s)
        else:
            self._protocol._on_read_timeout()

    def _tell_transport(self) -> None:
        """uvloop's looks its protocol's methods up only when it is given the protocol."""
        if self._protocol.transport is not None:
            self._protocol.transport.set_protocol(self._protocol)


def _body_of(data: bytes) -> bytes | None:
    """Of data that are one chunk, whole and without extensions (RFC 9112, 7.1)."""
    end = data.find(b"\r\n")
    size = len(data) - end - 4
    if end < 1 or size < 1 or size > SHARE or not data.endswith(b"\r\n"):
        return None
    return data[end + 2 : -2] if data[:end].lower() == b"%x" % size else None


def tap_of(response: Any, take_now: TakeNow) -> Tap | None:
    """None: its bytes do not come from such a connection, or are all there.

    response: of httpx, without a content-encoding, its reading begun.
    """
    if not _is_known(asyncio.get_running_loop()):
        return None
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.helpers import TimerNoop
    from aiohttp.streams import StreamReader

    stream = getattr(response.stream, "_stream", response.stream)  # the client's, around it
    reader = getattr(getattr(stream, "_aiohttp_response", None), "content", None)
    if type(reader) is not StreamReader or type(reader._timer) is not TimerNoop:
        return None
    protocol = reader._protocol
    if type(protocol) is not ResponseHandler or protocol.transport is None or reader._eof:
        return None
    return Tap(reader, protocol, take_now)


@functools.lru_cache(maxsize=1)
def _is_known(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether this aiohttp's StreamReader does what a Tap relies on."""
    try:
        return _serves(loop)
    except Exception:  # none, or of another kind
        return False


class _Waiter:
    """What a Tap is for a StreamReader."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def done(self) -> bool:
        return False

    def set_result(self, _: None) -> None:
        self.calls.append("result")

    def set_exception(self, _: BaseException) -> None:
        self.calls.append("exception")


def _serves(loop: asyncio.AbstractEventLoop) -> bool:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.streams import StreamReader

    protocol, waiter = ResponseHandler(loop), _Waiter()
    slot: Any = waiter
    reader, ended = (StreamReader(protocol, 2**16, loop=loop) for _ in range(2))
    reader._waiter = slot
    reader.feed_data(b"ab")
    reader.feed_data(b"c")  # nobody waits for this one
    data = bytes(reader._read_nowait_chunk(1)) + bytes(reader._read_nowait(SHARE))
    reader._waiter = ended._waiter = slot
    reader.set_exception(ValueError())
    ended.feed_eof()
    told = data == b"abc" and waiter.calls == ["result", "exception", "result"]
    released = reader._waiter is None and ended._waiter is None
    known = reader._exception is not None and ended._eof and not ended._buffer
    return told and released and known and _has_timeout(protocol)


def _has_timeout(protocol: Any) -> bool:
    methods = ("_reschedule_timeout", "_drop_timeout", "_on_read_timeout", "data_received")
    known = all(callable(getattr(protocol, name)) for name in methods)
    return known and protocol._read_timeout is None and protocol._read_timeout_handle is None
