"""The calls of one channel: opens them, cancels them, grants them credit."""

from __future__ import annotations

from collections.abc import Callable

from . import frames
from .calls import Call
from .channel import Channel
from .frames import Frame, ProtocolError

Begin = Callable[[Call], None]


class Session:
    """Owns the table of calls in flight of its channel. begin: starts the work on a call."""

    def __init__(self, channel: Channel, begin: Begin) -> None:
        self.channel = channel
        self._begin = begin
        self._calls: dict[int, Call] = {}
        self._partial: dict[int, bytearray] = {}  # calls of which some fragments have come
        self._handlers: dict[int, Callable[[Frame], None]] = {
            frames.CALL: self._call,
            frames.CANCEL: self._cancel,
            frames.CREDIT: self._credit,
        }

    def __len__(self) -> int:
        return len(self._calls)

    def receive(self, frame: Frame) -> None:
        """ProtocolError: the frame is of the wrong direction, out of state or malformed."""
        handler = self._handlers.get(frame.type)
        if handler is None or frame.call == 0:
            raise ProtocolError(f"type: 0x{frame.type:02x} of call {frame.call} is not for us")
        handler(frame)

    def finished(self, call: Call) -> None:
        if self._calls.get(call.id) is call:
            del self._calls[call.id]

    def cancel_all(self) -> None:
        self._partial.clear()
        for call in list(self._calls.values()):
            call.cancel()

    def _call(self, frame: Frame) -> None:
        if frame.call in self._calls:
            raise ProtocolError(f"call: id {frame.call} is in flight")
        partial = self._partial.get(frame.call)
        if frame.flags & frames.MORE:
            self._partial.setdefault(frame.call, bytearray()).extend(frame.payload)
            return
        payload = frame.payload if partial is None else bytes(partial) + frame.payload
        self._partial.pop(frame.call, None)
        call = Call(self.channel, frame.call, frames.read_call(payload))
        self._calls[call.id] = call
        self._begin(call)

    def _cancel(self, frame: Frame) -> None:
        frames.read_cancel(frame.payload)
        if call := self._calls.get(frame.call):
            call.cancel()

    def _credit(self, frame: Frame) -> None:
        more = frames.read_credit(frame.payload)
        if call := self._calls.get(frame.call):
            call.credit.grant(more)
