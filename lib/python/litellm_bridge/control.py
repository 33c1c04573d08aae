"""The control socket (fd 3) and the parent's pidfd: new channels, goodbye, and Node's end."""

from __future__ import annotations

import array
import asyncio
import os
import select
import socket
from collections.abc import Callable

_FD_BYTES = array.array("i").itemsize


class Control:
    """Owns the socket. Callbacks run on the loop's thread.

    on_channel: gets the socket of a new channel and owns it. on_goodbye: finish and exit.
    on_gone: Node is gone.
    """

    def __init__(
        self,
        sock: socket.socket,
        on_channel: Callable[[socket.socket], None],
        on_goodbye: Callable[[], None],
        on_gone: Callable[[], None],
    ) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._on_channel = on_channel
        self._on_goodbye = on_goodbye
        self._on_gone = on_gone
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.add_reader(self._sock, self.read)

    def wait(self, timeout_s: float) -> None:
        """Waits until something is to be read, before the loop runs."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.poll(timeout_s * 1000)

    def read(self) -> None:
        """Takes all that has come."""
        while True:
            try:
                word, sock = self._receive()
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                word, sock = b"", None
            if word == b"c" and sock is not None:
                self._on_channel(sock)
            elif word == b"g":
                self._on_goodbye()
            elif not word:
                self._end()
                return

    def _end(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._sock)
        self._on_gone()

    def _receive(self) -> tuple[bytes, socket.socket | None]:
        # socket.recv_fds of 3.11 drops its flags, and would leave the descriptor inheritable.
        word, ancillary, _, _ = self._sock.recvmsg(
            16, socket.CMSG_SPACE(4 * _FD_BYTES), socket.MSG_CMSG_CLOEXEC
        )
        fds = array.array("i")
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(data[: len(data) - len(data) % _FD_BYTES])
        for extra in fds[1:]:
            os.close(extra)
        return word, _adopt(fds[0]) if fds else None


def _adopt(fd: int) -> socket.socket:
    os.set_inheritable(fd, False)
    return socket.socket(fileno=fd)


def watch_parent(
    loop: asyncio.AbstractEventLoop, pid: int | None, on_gone: Callable[[], None]
) -> None:
    """Calls on_gone when the process `pid`, our parent, is dead.

    A fork of Node without exec may hold the control socket open after Node's end; its pidfd
    tells all the same. Where the kernel has none, the control socket and the lifeline remain.
    """
    if pid is None:
        return
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        loop.call_soon(on_gone)
        return
    except (AttributeError, OSError):
        return
    if os.getppid() != pid:  # it died before the pidfd was made, and the number is another's
        os.close(fd)
        loop.call_soon(on_gone)
        return
    loop.add_reader(fd, _once(loop, fd, on_gone))


def _once(
    loop: asyncio.AbstractEventLoop, fd: int, callback: Callable[[], None]
) -> Callable[[], None]:
    def fire() -> None:
        loop.remove_reader(fd)
        os.close(fd)
        callback()

    return fire
