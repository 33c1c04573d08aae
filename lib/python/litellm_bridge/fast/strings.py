"""One JSON string, from its bytes to its text."""

from __future__ import annotations

import json
import re
from typing import Final

# Without escapes: the text is the bytes.
_PLAIN: Final = re.compile(rb'"([^"\\\x00-\x1f]+)"').fullmatch
_PLAIN_INSIDE: Final = re.compile(rb'[^"\\\x00-\x1f]*').fullmatch
# The same of one that is not empty, in ASCII.
plain_text: Final = re.compile(rb"[ !#-\[\]-\x7f]+").fullmatch


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


def texts_of(insides: list[bytes]) -> list[bytes] | None:
    """text_of for many, each without its quotes. None: that of one is."""
    together = b"".join(insides)
    if _PLAIN_INSIDE(together) and together.isascii():
        return insides if all(insides) else None
    texts = []
    for inside in insides:
        text = text_of(b'"%s"' % inside)
        if text is None:
            return None
        texts.append(text)
    return texts


def _unescaped(token: bytes) -> bytes | None:
    if token[:1] != b'"' or token[-1:] != b'"':
        return None  # white space around it: the parser would pass over it
    text = json.loads(token.decode())
    return text.encode() if isinstance(text, str) and text else None
