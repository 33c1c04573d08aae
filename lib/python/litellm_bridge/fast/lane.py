"""The shortest way of an event: it is of the kind that was sent last, and came by itself.

A paced stream brings nearly all of its events so, each to a processor that did other things since
the last one: what counts then is how little code and data an event touches.
"""

from __future__ import annotations

from collections.abc import Callable

from .strings import plain_text
from .templates import Template


class Lane:
    """Good until anything else is done in its stream. Pure."""

    def __init__(
        self, template: Template, end: bytes, is_odd: Callable[[bytes], object] | None
    ) -> None:
        """end: of each event. template: its pattern has one hole, the text."""
        self.template = template
        self._head, self._tail = template.pattern.around(end)
        self._from, self._to = len(self._head), -len(self._tail)
        self._is_odd = is_odd

    def text(self, piece: bytes) -> bytes | None:
        """Of the one event that the piece is. None: it is more, or less, or another one."""
        if not piece.startswith(self._head) or not piece.endswith(self._tail):
            return None
        text = piece[self._from : self._to]
        if plain_text(text) is None or (self._is_odd is not None and self._is_odd(piece)):
            return None
        return text
