"""Writes Amazon's event streams."""

from __future__ import annotations

import struct
from binascii import crc32
from typing import Any


def string(name: str, value: str) -> bytes:
    return header(name, 7, struct.pack(">H", len(value.encode())) + value.encode())


def header(name: str, kind: int, value: bytes) -> bytes:
    return struct.pack("B", len(name.encode())) + name.encode() + struct.pack("B", kind) + value


def message(headers: bytes, payload: bytes) -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    return sealed(prelude + struct.pack(">I", crc32(prelude)) + headers + payload)


def sealed(data: bytes) -> bytes:
    """With the CRC of all of it."""
    return data + struct.pack(">I", crc32(data))


def event(name: str, payload: bytes, *more: bytes, content: str = "application/json") -> bytes:
    headers = [string(":event-type", name), string(":content-type", content)]
    return message(b"".join([*headers, string(":message-type", "event"), *more]), payload)


def exception(name: str, payload: bytes, kind: str = "exception") -> bytes:
    headers = [string(":exception-type", name), string(":content-type", "application/json")]
    return message(b"".join([*headers, string(":message-type", kind)]), payload)


def messages(data: bytes) -> list[bytes]:
    """A sound stream, message by message; what is no message at its end comes last."""
    found, at = [], 0
    while at + 4 <= len(data):
        size = struct.unpack_from(">I", data, at)[0]
        if size < 16 or at + size > len(data):
            break
        found.append(data[at : at + size])
        at += size
    return [*found, data[at:]] if at < len(data) else found


def prelude(total: int, headers: int, crc: Any = None) -> bytes:
    head = struct.pack(">II", total, headers)
    return head + struct.pack(">I", crc32(head) if crc is None else crc)
