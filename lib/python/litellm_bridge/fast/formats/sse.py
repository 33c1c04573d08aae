"""Cuts a provider's bytes into server-sent events. Pure: no I/O."""

from __future__ import annotations

import re

from .base import Block

# Where lines are read, these characters end one (httpx splits text as str.splitlines does). Each by
# itself: re looks for the first bytes of all alternatives at once, unless one of them is a set, and
# is a tenth as fast then.
LINE_END = rb"\x0b|\x0c|\x1c|\x1d|\x1e|\xc2\x85|\xe2\x80[\xa8\xa9]"
LINE_ODDITY = re.compile(LINE_END)

# A piece of a tool's input that is JSON by itself. In Anthropic's JSON mode, where the input stands
# for the answer, LiteLLM prints such a piece anew.
_SPACE = rb"(?:[ \t]|\\[nrt])*"
_REST = rb'(?:[^"\\]|\\.)*'
_WHOLE = rb'\[%s\]|\{%s\}|\\"%s\\"|-?[0-9][0-9.eE+-]*|true|false|null|NaN|-?Infinity'
JSON_PIECE = re.compile(
    rb'"partial_json"[ \t]*:[ \t]*"(?:%s(?:%s)%s"|%s\\u)'
    % (_SPACE, _WHOLE % (_REST, _REST, _REST), _SPACE, _REST)
)

_CR = b"\r"
_LF = b"\n"
_CRLF = b"\r\n"
_BLANK = b"\n\n"


class EventCutter:
    """Cuts where openai's SSEDecoder cuts, whatever pieces the bytes come in.

    It knows streams whose lines all end with LF, or all with CRLF. In any other, where that
    decoder cuts depends on the pieces (a CR and a LF that were read apart): `mixed` is True then,
    and the pieces must go on as they came.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of the event that is not complete
        self._last = b""  # up to three bytes of them: an end may begin there
        self.blank_line = b""  # what ends an event; empty until the first line has ended
        self.mixed = False

    @property
    def end(self) -> bytes:
        usual = self.blank_line == _BLANK and not self._pieces and not self.mixed
        return _BLANK if usual else b""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now, without their blank line."""
        if not self._is_uniform(data):
            self.mixed = True
        seen = self._last + data
        self._pieces.append(data)
        self._last = seen[-3:]
        if self.mixed or not self.blank_line or self.blank_line not in seen:
            return []
        *events, rest = b"".join(self._pieces).split(self.blank_line)
        self._pieces = [rest] if rest else []
        self._last = rest[-3:]
        return events

    def block(self, data: bytes) -> Block | None:
        """Of the usual streams: their lines end with LF, and there is one blank line at a time."""
        if self.mixed or self.blank_line != _BLANK or _CR in data:
            return None
        data = b"".join((*self._pieces, data)) if self._pieces else data
        end = data.rfind(_BLANK) + len(_BLANK)
        if end < len(_BLANK) or b"\n\n\n" in data:
            return None
        rest = data[end:]
        self._pieces = [rest] if rest else []
        self._last = rest[-3:]
        return Block(data[:end], _BLANK)

    def wrap(self, event: bytes) -> bytes:
        return event + self.blank_line

    def take_rest(self) -> list[bytes]:
        """The pieces that are no complete event, as they came."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def _is_uniform(self, data: bytes) -> bool:
        if self.blank_line == _BLANK:
            return _CR not in data
        text = _CR + data if self._last.endswith(_CR) else data
        if text.endswith(_CR):
            text = text[:-1]  # its LF may be the next byte
        ends = text.count(_CRLF)
        if not self.blank_line and _LF in text:
            self.blank_line = b"\r\n\r\n" if ends else _BLANK
        returns, feeds = text.count(_CR), text.count(_LF)
        return returns == ends and feeds == (ends if self.blank_line == b"\r\n\r\n" else feeds)


def data_at(event: bytes) -> int:
    """Where the only line of data has its value. -1: there is none, or more, or what openai's
    decoder remembers for later events (an id) or acts on by what it remembers (a blank line)."""
    return _data_at(event, (b"event", b":"))


def line_data_at(event: bytes) -> int:
    """The same for LiteLLM's readers of lines, which pass over all others."""
    return _data_at(event, (b"event", b"id", b"retry", b":"))


def _data_at(event: bytes, others: tuple[bytes, ...]) -> int:
    start, at = -1, 0
    for line in event.splitlines(keepends=True):
        if line.startswith(b"data:") and start < 0:
            start = at + len(b"data:")
        elif not line.startswith(others):
            return -1
        at += len(line)
    return start
