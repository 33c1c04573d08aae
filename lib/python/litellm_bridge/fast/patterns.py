"""Events of one kind in one stream: equal bytes around a few tokens. Pure."""

from __future__ import annotations

import re
from typing import Final

from .scan import COUNT, PAD, TEXT, TIME, Scan
from .strings import texts_of

_STRING: Final = rb'("(?:[^"\\\x00-\x1f]|\\.)*+")'
_TOKENS: Final = {
    TEXT: _STRING,
    PAD: _STRING,
    TIME: rb'("\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:Z|[+-]\d\d:\d\d)")',
    COUNT: rb"([1-9][0-9]{0,14})",
}

Tokens = tuple[bytes, ...]


class Pattern:
    """holes: the numbers of the tokens that may vary; the others are as they are in `scan`."""

    def __init__(self, scan: Scan, holes: list[int]) -> None:
        pieces = [scan.pieces[0]]
        for number, token in enumerate(scan.tokens):
            if number in holes:
                pieces.append(scan.pieces[number + 1])
            else:
                pieces[-1] += token.raw + scan.pieces[number + 1]
        self._head, self._tail = pieces[0], pieces[-1]
        self._ends = len(self._head), len(self._tail)
        self._between: re.Pattern[bytes] | None = None
        if len(holes) > 1:
            parts = [_TOKENS[scan.tokens[hole].kind] for hole in holes]
            joints = [*map(re.escape, pieces[1:-1]), b""]
            self._between = re.compile(b"".join(p + j for p, j in zip(parts, joints, strict=True)))

    def read(self, view: bytes) -> Tokens | None:
        """What is in its holes. None: another kind of event.

        Whether strings are valid JSON is not checked here, nor, where there is one hole alone,
        whether it holds one string.
        """
        if not view.startswith(self._head) or not view.endswith(self._tail):
            return None
        head, tail = self._ends
        between = view[head : len(view) - tail]
        if self._between is None:
            return (between,)
        match = self._between.fullmatch(between)
        return match.groups() if match is not None else None

    @property
    def is_text(self) -> bool:
        """Whether one text is all that varies."""
        return self._between is None

    def around(self, end: bytes) -> tuple[bytes, bytes]:
        """What is before and behind the one text of an event with its end."""
        return self._head + b'"', b'"' + self._tail + end

    def texts(self, events: bytes, end: bytes) -> list[bytes] | None:
        """The text of each of many events, which all end so. None: they are not all of this kind,
        or it has other holes than one text."""
        first, last = self.around(end)
        if not self.is_text or not events.startswith(first) or not events.endswith(last):
            return None
        return texts_of(events[len(first) : -len(last)].split(last + first))
