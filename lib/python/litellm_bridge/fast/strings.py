"""One JSON string, from its bytes to its text."""

from __future__ import annotations

import json
from typing import Any

try:
    from orjson import loads
except ImportError:  # an environment of the user's own need not have it

    def loads(token: bytes) -> Any:  # type: ignore[misc, unused-ignore]
        return json.loads(token.decode())


def text_of(token: bytes) -> bytes | None:
    """The text as UTF-8. None: it is not exactly one JSON string, empty, or half a surrogate pair.

    What orjson takes for a string, json takes for the same one (not the other way round).
    """
    if token[:1] != b'"' or token[-1:] != b'"':
        return None  # white space around it: the parsers would pass over it
    try:
        text = loads(token)
        if type(text) is not str or not text:
            return None
        return text.encode() if b"\\" in token else token[1:-1]
    except ValueError:
        return None
