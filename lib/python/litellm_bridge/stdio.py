"""sys.stdout and sys.stderr as log records, and logging set up so that each line comes once."""

from __future__ import annotations

import functools
import io
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from .context import current_call
from .logs import LONGEST, FrameHandler, LogSink, Source, current_redactor
from .redact import LONGEST_KEY

if TYPE_CHECKING:
    from .calls import Call

_Writer = tuple[int, int]  # thread, call


class LogWriter(io.TextIOBase):
    """A line-buffered text file whose lines are log records. From any thread.

    Each thread and each call has a line of its own, so that prints without a line end do not
    run into each other.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, sink: LogSink, source: Source, fd: int) -> None:
        super().__init__()
        self._sink = sink
        self._source = source
        self._fd = fd
        self._partial: dict[_Writer, str] = {}
        self.buffer = _ByteWriter(self)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """The real descriptor, for processes that inherit it: native output."""
        return self._fd

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        writer = _writer()
        *lines, rest = (self._partial.pop(writer, "") + text).split("\n")
        for line in lines:
            self._emit(line)
        if rest := self._shorten(rest, is_whole=False):
            self._partial[writer] = rest
        return len(text)

    def flush(self) -> None:
        self._emit(self._partial.pop(_writer(), ""))

    def finish(self, call: Call) -> None:
        """Sends the unfinished lines of a call that ended, as its own."""
        token = current_call.set(call)
        for writer in [writer for writer in self._partial.copy() if writer[1] == id(call)]:
            self._emit(self._partial.pop(writer, ""))
        current_call.reset(token)

    def _emit(self, line: str) -> None:
        if rest := self._shorten(line.rstrip("\r"), is_whole=True):
            self._send(rest)

    def _shorten(self, text: str, is_whole: bool) -> str:
        """Sends its records but the last, which is returned. In a text that is not whole, a secret may
        be incomplete at the end, and so more is left.
        """
        if len(text) <= (LONGEST if is_whole else LONGEST + LONGEST_KEY):
            return text
        redactor, at = current_redactor(), 0
        left = LONGEST if is_whole else LONGEST + redactor.reach
        while len(text) - at > left:
            window = text[at : at + LONGEST + redactor.reach]
            size = redactor.cut(window, LONGEST)
            self._send(window[:size])
            at += size
        return text[at:]

    def _send(self, text: str) -> None:
        level = logging.INFO if self._source is Source.STDOUT else logging.WARNING
        self._sink.emit(level, self._source, text)


class _ByteWriter(io.RawIOBase):
    """sys.stdout.buffer: bytes are taken for UTF-8."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        raw = bytes(data)  # type: ignore[call-overload]
        self._writer.write(raw.decode("utf-8", "backslashreplace"))
        return len(raw)


def _writer() -> _Writer:
    call = current_call.get()
    return threading.get_ident(), id(call) if call is not None else 0


class Stdio:
    """Owns the two writers that stand in for sys.stdout and sys.stderr."""

    def __init__(self, sink: LogSink) -> None:
        self._writers = (LogWriter(sink, Source.STDOUT, 1), LogWriter(sink, Source.STDERR, 2))

    def install(self) -> None:
        sys.stdout, sys.stderr = self._writers

    def finish_call(self, call: Call) -> None:
        for writer in self._writers:
            writer.finish(call)

    def owns(self, stream: object) -> bool:
        return stream in self._writers


def install_logging(sink: LogSink, level: int) -> None:
    root = logging.getLogger()
    root.addHandler(FrameHandler(sink))
    root.setLevel(level)


def keep_single(stdio: Stdio, names: Iterable[str]) -> None:
    """Quiets the handlers by which these loggers print to our stderr, while the root's handler
    gets their records as well: each line would come twice. Before the loggers have handlers.
    """
    for logger in map(logging.getLogger, names):
        plain = logger.addHandler
        logger.addHandler = functools.partial(_add, stdio, plain)  # type: ignore[method-assign]


def _add(stdio: Stdio, plain: Callable[[logging.Handler], None], handler: logging.Handler) -> None:
    if stdio.owns(getattr(handler, "stream", None)):
        handler.addFilter(_misses_root)
    plain(handler)


def _misses_root(record: logging.LogRecord) -> bool:
    """Asked for each record: LiteLLM's JSON logs stop propagating after they got their handler."""
    logger: logging.Logger | None = logging.getLogger(record.name)
    while logger is not None and logger.propagate:
        logger = logger.parent
    return logger is not None


def quiet(names: Iterable[str], level: int = logging.WARNING) -> None:
    """Gives loggers the level that they have in a plain Python, unless somebody chose one."""
    if os.environ.get("LITELLM_LOG"):
        return
    for logger in map(logging.getLogger, names):
        if logger.level == logging.NOTSET:
            logger.setLevel(level)
