"""Codec of the wire protocol (docs/protocol.md). Pure: no I/O.

test/vectors/frames.json binds it to the codec of the C core.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

VERSION: Final = 1
HEADER: Final = struct.Struct("<IIBBH")
MAX_PAYLOAD: Final = 256 * 1024  # bytes of one frame, as received
FRAGMENT: Final = 64 * 1024  # bytes of one frame, as sent: small, so that calls take turns
COST: Final = 64  # bytes of credit on top of a frame's payload

MORE: Final = 0x01
BINARY: Final = 0x02

CALL: Final = 0x01
CANCEL: Final = 0x02
CREDIT: Final = 0x03
RESULT: Final = 0x11
TEMPLATE: Final = 0x12
DELTA: Final = 0x13
CHUNK: Final = 0x14
END: Final = 0x15
ERROR: Final = 0x16
HELLO: Final = 0x41
READY: Final = 0x42
FAILED: Final = 0x43
LOG: Final = 0x44

TYPES: Final = frozenset(
    (CALL, CANCEL, CREDIT, RESULT, TEMPLATE, DELTA, CHUNK, END, ERROR, HELLO, READY, FAILED, LOG)
)

WHOLE: Final = 0
STREAM: Final = 1

SLOT_CONTENT: Final = 1
SLOT_REASONING: Final = 2
SLOT_ARGUMENTS: Final = 3

_CALL_HEAD = struct.Struct("<IBBH")
_CREDIT = struct.Struct("<I")
_SETTLEMENT_HEAD = struct.Struct("<QQQI")
_LOG_HEAD = struct.Struct("<BBHI")


class ProtocolError(Exception):
    """The other side sent what is not of the protocol; the connection is of no more use."""


class Frame(NamedTuple):
    call: int
    type: int
    flags: int
    payload: bytes


class CallRequest(NamedTuple):
    window: int  # bytes of credit to begin with
    kind: int  # WHOLE or STREAM
    name: str
    arguments: bytes  # one JSON object


class Times(NamedTuple):
    """Nanoseconds of CLOCK_MONOTONIC; 0 where it did not come to that."""

    started: int = 0
    responded: int = 0
    finished: int = 0


class Decoder:
    """Cuts a byte stream into frames, whatever pieces it comes in."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now. ProtocolError is final."""
        self._pending += data
        frames: list[Frame] = []
        at = 0
        while (frame := self._frame_at(at)) is not None:
            frames.append(frame)
            at += HEADER.size + len(frame.payload)
        del self._pending[:at]
        return frames

    def _frame_at(self, at: int) -> Frame | None:
        if len(self._pending) - at < HEADER.size:
            return None
        length, call, kind, flags, reserved = HEADER.unpack_from(self._pending, at)
        _check_header(length, kind, flags, reserved)
        start = at + HEADER.size
        if len(self._pending) - start < length:
            return None
        return Frame(call, kind, flags, bytes(self._pending[start : start + length]))


def _check_header(length: int, kind: int, flags: int, reserved: int) -> None:
    if length > MAX_PAYLOAD:
        raise ProtocolError(f"length: a frame of {length} bytes, the limit is {MAX_PAYLOAD}")
    if kind not in TYPES:
        raise ProtocolError(f"type: 0x{kind:02x} is unknown")
    if flags & ~(MORE | BINARY):
        raise ProtocolError(f"flags: 0x{flags:02x} are unknown")
    if reserved:
        raise ProtocolError("reserved: the last two bytes of the header are not zero")


def encode(call: int, kind: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """One frame. The payload must fit MAX_PAYLOAD."""
    return HEADER.pack(len(payload), call, kind, flags, 0) + payload


def split(payload: bytes) -> Iterator[tuple[bytes, int]]:
    """The payload in pieces for one frame each, with the flag (MORE or 0) of each."""
    last = max(0, (len(payload) - 1) // FRAGMENT * FRAGMENT)
    for at in range(0, last, FRAGMENT):
        yield payload[at : at + FRAGMENT], MORE
    yield payload[last:], 0


def read_call(payload: bytes) -> CallRequest:
    if len(payload) < _CALL_HEAD.size:
        raise ProtocolError("call: shorter than its head")
    window, kind, reserved, name_length = _CALL_HEAD.unpack_from(payload)
    end = _CALL_HEAD.size + name_length
    if name_length == 0 or end > len(payload):
        raise ProtocolError("call: the name is missing or cut")
    if kind not in (WHOLE, STREAM) or reserved:
        raise ProtocolError("call: unknown kind, or the reserved byte is not zero")
    try:
        name = payload[_CALL_HEAD.size : end].decode()
    except UnicodeDecodeError:
        raise ProtocolError("call: the name is not UTF-8") from None
    return CallRequest(window, kind, name, payload[end:])


def read_credit(payload: bytes) -> int:
    """Bytes of credit more."""
    if len(payload) != _CREDIT.size:
        raise ProtocolError("credit: not four bytes")
    (more,) = _CREDIT.unpack(payload)
    return int(more)


def read_cancel(payload: bytes) -> None:
    if payload:
        raise ProtocolError("cancel: no payload is allowed")


def settlement(times: Times, meta: bytes, body: bytes = b"") -> bytes:
    """The payload of result, end and error. meta: one JSON object."""
    return _SETTLEMENT_HEAD.pack(*times, len(meta)) + meta + body


def template(slot: int, chunk: bytes) -> bytes:
    return bytes((slot, 0, 0, 0)) + chunk


def log(level: int, source: int, call: int, logger: bytes, text: bytes) -> bytes:
    """level: 10 to 50 in tens. source: one of logs.Source. call: id, or 0."""
    return _LOG_HEAD.pack(level, source, len(logger), call) + logger + text
