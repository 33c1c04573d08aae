"""What a list of LiteLLM's grows by with an event: its text, its JSON, or an object in that. Pure."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

# The way to the item from {"text": …, "event": …}; () stands for a list that was emptied.
Kind = tuple[str, ...]
EMPTIED: Kind = ()
_DEEPEST = 2  # keys below the event's JSON


def kind_of(item: Any, event: Any, text: Any) -> Kind | None:
    """None: it is nothing of the event's."""
    if isinstance(item, str):
        return ("text",) if item == text else None
    if not isinstance(item, dict):
        return None
    return next((way for way, value in _objects(event, ("event",)) if value == item), None)


def item_of(kind: Kind, event: Any, text: str) -> Any:
    value: Any = {"text": text, "event": event}
    for key in kind:
        value = value[key]
    return copy.deepcopy(value)


def _objects(value: Any, way: Kind) -> Iterator[tuple[Kind, Any]]:
    if not isinstance(value, dict) or not value:
        return
    yield way, value
    if len(way) <= _DEEPEST:
        for key, inner in value.items():
            yield from _objects(inner, (*way, key))
