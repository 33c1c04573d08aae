"""Log records on their way to Node: each to one live channel, never blocking, bounded."""

from __future__ import annotations

import enum
import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from . import frames
from .context import current_call
from .redact import Redactor

if TYPE_CHECKING:
    import asyncio

    from .calls import Call
    from .channel import Channel

KEPT: Final = 256 * 1024  # bytes kept while no channel takes them
LONGEST: Final = 32 * 1024  # characters of one record


class Source(enum.IntEnum):
    STDOUT = 0
    STDERR = 1
    LOGGING = 2
    NATIVE = 3


class Record(NamedTuple):
    level: int
    source: Source
    logger: str
    call: Call | None
    text: str


def current_redactor() -> Redactor:
    """Knows the secrets of the call that says something."""
    call = current_call.get()
    return Redactor(call.secrets if call is not None else ())


class LogSink:
    """Takes records from any thread, and sends them on the loop's thread in order.

    What is above `kept` bytes is dropped, oldest first, and counted in a record of its own.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, kept: int = KEPT) -> None:
        self._loop = loop
        self._kept = kept
        self._thread = threading.get_ident()
        # Re-entrant: a finalizer may print while a record of its own thread is being queued.
        self._lock = threading.RLock()
        self._queue: deque[Record] = deque()
        self._size = 0
        self._dropped = 0
        self._channels: list[Channel] = []

    def attach(self, channel: Channel) -> None:
        """channel may be used from now on: for its calls' records, and, while the oldest, for all."""
        self._channels.append(channel)
        channel.on_drained = self.flush
        self.flush()

    def detach(self, channel: Channel) -> None:
        if channel in self._channels:
            self._channels.remove(channel)
        self.flush()

    def emit(self, level: int, source: Source, text: str, logger: str = "") -> None:
        """level: of the logging module. Never blocks, never raises."""
        redact = current_redactor()
        if len(text) > LONGEST:
            text = text[: redact.cut(text, LONGEST)]
        level = min(50, max(10, level // 10 * 10))
        self._keep(Record(level, source, logger, current_call.get(), redact(text)))
        if threading.get_ident() == self._thread:
            self.flush()
            return
        try:
            self._loop.call_soon_threadsafe(self.flush)
        except RuntimeError:
            pass  # the loop is closed: the process is about to end

    def flush(self) -> None:
        """Sends what the channel takes. On the loop's thread."""
        while self._channels and not self._channels[0].congested:
            record = self._take()
            if record is None:
                return
            channel = self._channel_for(record)
            channel.send(_frame(record, channel))

    def _channel_for(self, record: Record) -> Channel:
        """The thread that made the call knows for which request; a stalled one is not waited for."""
        own = record.call.channel if record.call is not None else None
        return own if own in self._channels and not own.congested else self._channels[0]

    def _keep(self, record: Record) -> None:
        with self._lock:
            self._queue.append(record)
            self._size += len(record.text)
            while self._size > self._kept:
                self._size -= len(self._queue.popleft().text)
                self._dropped += 1

    def _take(self) -> Record | None:
        with self._lock:
            if self._dropped:
                text = f"{self._dropped} log lines were dropped: they came faster than they went"
                self._dropped = 0
                return Record(30, Source.LOGGING, "litellm_bridge", None, text)
            if not self._queue:
                return None
            record = self._queue.popleft()
            self._size -= len(record.text)
            return record


def _frame(record: Record, channel: Channel) -> bytes:
    """Call ids are the channel's own: the id of another channel's call would mislead."""
    call = record.call
    call_id = call.id if call is not None and call.channel is channel else 0
    logger = record.logger.encode("utf-8", "backslashreplace")[:1024]
    text = record.text.encode("utf-8", "backslashreplace")
    return frames.encode(
        0, frames.LOG, frames.log(record.level, record.source, call_id, logger, text)
    )


class FrameHandler(logging.Handler):
    """Gives records of the logging module to the sink."""

    def __init__(self, sink: LogSink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception as exc:  # wrong arguments for the format: the line must not be lost
            text = f"{record.msg!r} (could not be formatted: {exc})"
        self._sink.emit(record.levelno, Source.LOGGING, text, record.name)
