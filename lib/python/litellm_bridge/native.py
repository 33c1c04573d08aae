"""What native code, the interpreter and processes that we start wrote to fd 1 and 2.

The two are one memfd (docs/protocol.md). Its last bytes are our last words when we die, so they
stay in it until there are too many.
"""

from __future__ import annotations

import logging
import os
import stat

from .logs import LogSink, Source

KEPT = 64 * 1024  # bytes


class NativeOutput:
    """Forwards new bytes as log records. On the loop's thread."""

    def __init__(self, sink: LogSink, fd: int = 1) -> None:
        self._sink = sink
        self._fd = fd
        self._seen = 0
        self._readable = _is_file(fd)

    def forward(self) -> None:
        """Costs one fstat when nothing is new."""
        if not self._readable:
            return
        size = os.fstat(self._fd).st_size
        if size > self._seen:
            start = max(self._seen, size - KEPT)
            self._emit(os.pread(self._fd, size - start, start))
            self._seen = size
        if size > KEPT:
            os.ftruncate(self._fd, 0)  # appended to, so the next write begins anew
            self._seen = 0

    def _emit(self, data: bytes) -> None:
        for line in data.decode("utf-8", "backslashreplace").splitlines():
            if line.strip():
                self._sink.emit(logging.INFO, Source.NATIVE, line)


def _is_file(fd: int) -> bool:
    """A terminal or a pipe (a start by hand) can't be read back."""
    try:
        return stat.S_ISREG(os.fstat(fd).st_mode)
    except OSError:
        return False
