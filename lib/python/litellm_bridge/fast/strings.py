"""One JSON string, from its bytes to its text."""

from __future__ import annotations

import json
import re
from typing import Final

# Without escapes: the text is the bytes.
_PLAIN: Final = re.compile(rb'"([^"\\\x00-\x1f]+)"').fullmatch


def text_of(token: bytes) -> bytes | None:
    """The text as UTF-8. None: it is not exactly one JSON string, empty, or half a surrogate pair."""
    plain = _PLAIN(token)
    try:
        if plain is None:
            return _unescaped(token)
        text: bytes = plain[1]
        if not text.isascii():
            text.decode()
        return text
    except ValueError:
        return None


def _unescaped(token: bytes) -> bytes | None:
    if token[:1] != b'"' or token[-1:] != b'"':
        return None  # white space around it: the parser would pass over it
    text = json.loads(token.decode())
    return text.encode() if isinstance(text, str) and text else None
