"""One connected socket to one Node environment: frames in, frames out, never blocking."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

from .frames import Decoder, Frame, ProtocolError

HIGH: Final = 64 * 1024  # bytes unsent, above which senders wait
LOW: Final = 32 * 1024  # bytes unsent, at which they go on
READ: Final = 256 * 1024


class Channel:
    """Owns its socket. Everything but flush_blocking runs on the loop's thread.

    on_frame gets each frame; on_close is called once, when the other side is gone or close() is
    called; on_violation instead gets the ProtocolError of malformed bytes.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._loop = loop
        self._sock = sock
        self._decoder = Decoder()
        self._unsent = bytearray()
        self._waiters: list[asyncio.Future[None]] = []
        self._writing = False
        self.closed = False
        self.on_frame: Callable[[Frame], None] = lambda _: None
        self.on_close: Callable[[], None] = lambda: None
        self.on_violation: Callable[[ProtocolError], None] = lambda _: None
        self.on_drained: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._loop.add_reader(self._sock, self._readable)

    @property
    def backlog(self) -> int:
        """Bytes that the socket has not taken yet."""
        return len(self._unsent)

    @property
    def congested(self) -> bool:
        return len(self._unsent) > HIGH

    def send(self, data: bytes) -> None:
        """Sends whole frames, now or when the socket takes them. Never waits, never raises.

        Whoever sends payloads waits for drain() first, so that the backlog stays bounded.
        """
        if self.closed:
            return
        sent = 0 if self._unsent else self._write(data)
        if sent < len(data) and not self.closed:
            self._unsent += memoryview(data)[sent:]
            self._watch()

    async def drain(self) -> None:
        """Returns when less than HIGH bytes are unsent, or the channel is closed."""
        while self.congested and not self.closed:
            waiter = self._loop.create_future()
            self._waiters.append(waiter)
            await waiter

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._sock)
        if self._writing:
            self._loop.remove_writer(self._sock)
        self._sock.close()
        self._unsent.clear()
        self._wake()
        self.on_close()

    def flush_blocking(self, timeout_s: float) -> None:
        """Sends what is unsent before the process ends, as far as that goes in the time."""
        if self.closed or not self._unsent:
            return
        with contextlib.suppress(OSError):
            self._sock.settimeout(timeout_s)
            self._sock.sendall(self._unsent)
        self._unsent.clear()

    def _write(self, data: bytes | bytearray) -> int:
        try:
            return self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self._loop.call_soon(self.close)  # the sender is not to be re-entered
            return len(data)

    def _watch(self) -> None:
        if not self._writing:
            self._writing = True
            self._loop.add_writer(self._sock, self._writable)

    def _writable(self) -> None:
        sent = self._write(self._unsent)
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self._sock)
            self._writing = False
        if len(self._unsent) <= LOW:
            self._wake()
            self.on_drained()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _readable(self) -> None:
        try:
            data = self._sock.recv(READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            for frame in self._decoder.feed(data):
                self.on_frame(frame)
        except ProtocolError as exc:
            self.on_violation(exc)
