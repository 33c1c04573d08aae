"""Amazon's event streams (application/vnd.amazon.eventstream). Pure: no I/O.

    message: its length, the headers' length, their CRC | headers | payload | CRC of all before

All numbers are u32, big-endian; both CRCs are those of zlib. The limits are botocore's, whose
EventStreamBuffer LiteLLM reads them with: what it would refuse is not taken apart here, so that
LiteLLM is given it and says its own words about it.
"""

from __future__ import annotations

import struct
from binascii import crc32
from functools import lru_cache
from typing import Final, NamedTuple

_PRELUDE: Final = struct.Struct(">III")
_TAIL: Final = struct.Struct(">I")
_AROUND: Final = _PRELUDE.size + _TAIL.size  # bytes of a message without headers and payload
_MOST_HEADERS: Final = 128 * 1024  # bytes
_MOST_PAYLOAD: Final = 24 * 1024 * 1024
_KNOWN_HEADERS: Final = 64  # blocks of headers: a provider sends a handful
_STRING: Final = 7


class Message(NamedTuple):
    headers: bytes  # as they came
    payload: bytes


class MessageCutter:
    """Cuts where botocore's EventStreamBuffer cuts, whatever pieces the bytes come in.

    `mixed`: it would refuse what comes next, or read it as what it is not. No byte is kept for
    longer than a message takes to be complete; what a length claims is not allocated before.
    """

    end = b""  # no two messages are alike

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of the message that is not complete
        self._size = 0  # bytes of them
        self._wanted = _PRELUDE.size  # bytes from which on there is more to say
        self.mixed = False

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now, each with all its bytes."""
        self._pieces.append(data)
        self._size += len(data)
        if self.mixed or self._size < self._wanted:
            return []
        return self._cut(b"".join(self._pieces))

    def block(self, _: bytes) -> None:
        """Each message has a checksum of its own."""

    def wrap(self, event: bytes) -> bytes:
        return event

    def take_rest(self) -> list[bytes]:
        """The pieces that are no complete message."""
        pieces, self._pieces, self._size = self._pieces, [], 0
        return [piece for piece in pieces if piece]

    def _cut(self, data: bytes) -> list[bytes]:
        messages, at, size = [], 0, len(data)
        self._wanted = _PRELUDE.size
        while size - at >= _PRELUDE.size:
            length = _length_at(data, at)
            if length == 0:
                self.mixed = True
                break
            if size - at < length:
                self._wanted = length
                break
            messages.append(data[at : at + length])
            at += length
        self._pieces, self._size = [data[at:]], size - at
        return messages


def _length_at(data: bytes, at: int) -> int:
    """Of the message that begins there, in bytes. 0: its prelude is not right."""
    length, headers, crc = _PRELUDE.unpack_from(data, at)
    if crc32(data[at : at + 8]) != crc or headers > _MOST_HEADERS:
        return 0
    payload: int = length - headers - _AROUND
    return length if 0 <= payload <= _MOST_PAYLOAD else 0


def read(message: bytes) -> Message | None:
    """A message that the cutter cut. None: its CRC is not right."""
    end = len(message) - _TAIL.size
    if crc32(message[:end]) != _TAIL.unpack_from(message, end)[0]:
        return None
    headers = _PRELUDE.size + _PRELUDE.unpack_from(message)[1]
    return Message(message[_PRELUDE.size : headers], message[headers:end])


@lru_cache(_KNOWN_HEADERS)
def strings(block: bytes) -> dict[str, str] | None:
    """The headers of a block, all of them strings. None: others, twice one, or a broken block."""
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(block):
            name, at = _text(block, at, 1)
            kind, at = block[at], at + 1
            if kind != _STRING or name in found:
                return None
            found[name], at = _text(block, at, 2)
    except (IndexError, ValueError):
        return None
    return found


def _text(block: bytes, at: int, width: int) -> tuple[str, int]:
    """A string behind its length (width bytes), and where it ends. ValueError: it is cut off."""
    start = at + width
    end = start + int.from_bytes(block[at:start], "big")
    if end > len(block):
        raise ValueError("cut off")
    return block[start:end].decode(), end
