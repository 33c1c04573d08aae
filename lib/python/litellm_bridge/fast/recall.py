"""Whether LiteLLM tells again what its lists hold of earlier events. Pure.

Newer versions put a block's thoughts together when its signature comes. Such a text is neither the
event's nor part of what makes up its kind: it would pass for a constant after two equal streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .leaves import leaves_of
from .scan import may_be_text

_DISTINCT = 4  # characters; shorter texts are in any word


def recalls(told: Any, items: list[Any]) -> bool:
    """told: a JSON value. items: of one list, before the event."""
    texts = list(_texts(items))
    joined = "".join(texts)
    distinct = [text for text in texts if len(text) >= _DISTINCT]
    strings = [leaf for _, leaf in leaves_of(told) if isinstance(leaf, str) and leaf]
    return any(value in joined or any(text in value for text in distinct) for value in strings)


def _texts(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, key)
    elif isinstance(value, str) and may_be_text(key):
        yield value
