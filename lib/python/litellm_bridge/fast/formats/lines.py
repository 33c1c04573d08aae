"""Cuts a provider's bytes into lines of JSON. Pure: no I/O."""

from __future__ import annotations

import re

from .sse import LINE_END

# Characters at which httpx ends a line too (as str.splitlines does); a CR may be one of CRLF.
ODDITY = re.compile(rb"\r(?!$)|" + LINE_END)


class LineCutter:
    """Cuts after each LF, whatever pieces the bytes come in."""

    mixed = False
    end = b""  # no two events are alike

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of the line that is not complete

    def feed(self, data: bytes) -> list[bytes]:
        if b"\n" not in data:
            self._pieces.append(data)
            return []
        *lines, rest = b"".join([*self._pieces, data]).split(b"\n")
        self._pieces = [rest] if rest else []
        return lines

    def block(self, _: bytes) -> None:
        """Such lines have times or counters, so that no two of them are alike."""

    def wrap(self, event: bytes) -> bytes:
        return event + b"\n"

    def take_rest(self) -> list[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces


def json_at(line: bytes) -> int:
    return 0 if line.startswith(b"{") else -1
