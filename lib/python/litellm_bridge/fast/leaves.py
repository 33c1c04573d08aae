"""Where the values of LiteLLM's chunks come from: constants, or copies of what was there before.

Each observation rules out what it contradicts; a value counts as known while all that is left
says the same. Pure.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

Path = tuple[Any, ...]
Source = tuple[Any, ...]
Sources = dict[Source, Any]  # strings and integers that a value may be a copy of

CLOCK: Source = ("clock",)  # in seconds; asked only where the state does not say the same

RANDOM = "random"  # of a source: an id that LiteLLM draws; with what is before it, and its number
_UUID = re.compile(r"([a-z]*-?)[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

_NONE = object()


def leaves_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """All scalars of a JSON value, and its empty containers."""
    items: Any = None
    if isinstance(value, dict) and value:
        items = value.items()
    elif isinstance(value, (list, tuple)) and value:
        items = enumerate(value)
    if items is None:
        yield path, value
        return
    for key, item in items:
        yield from leaves_of(item, (*path, key))


def drawn(leaves: dict[Path, Any], sources: Sources) -> Sources:
    """The random ids that came up with an outcome."""
    known = {value for value in sources.values() if type(value) is str}
    found: Sources = {}
    for value in leaves.values():
        if type(value) is str and value not in known and (match := _UUID.fullmatch(value)):
            known.add(value)
            found[RANDOM, match[1], len(found)] = value
    return found


def draw(source: Source) -> str:
    return f"{source[1]}{uuid.uuid4()}"


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)


class Leaf:
    """One value of an outcome, and what it may be."""

    __slots__ = ("const", "path", "refs")

    def __init__(self, path: Path, value: Any, sources: Sources) -> None:
        self.path = path
        self.const = copy.deepcopy(value)
        self.refs = dict(_refs(value, sources))

    def observe(self, value: Any, sources: Sources) -> bool:
        """False: it comes from nowhere that we know."""
        if self.const is not _NONE and not same(self.const, value):
            self.const = _NONE
        if self.refs:
            seen = dict(_refs(value, sources))
            self.refs = {s: off for s, off in self.refs.items() if seen.get(s, _NONE) == off}
        return bool(self.refs) or self.const is not _NONE

    @property
    def is_constant(self) -> bool:
        return not self.refs

    @property
    def may_be_constant(self) -> bool:
        return self.const is not _NONE

    def value(self, sources: Sources) -> tuple[bool, Any]:
        """Whether all that it may be says the same, and what."""
        result = self.const
        for source, offset in self.refs.items():
            value = sources[source] + offset if offset else sources[source]
            if result is not _NONE and not same(result, value):
                return False, None
            result = value
        return True, result


def _refs(value: Any, sources: Sources) -> Iterator[tuple[Source, int]]:
    """offset: what has to be added; only counters of an event may be off."""
    if type(value) is str and value:
        for source, other in sources.items():
            if type(other) is str and other == value:
                yield source, 0
    elif type(value) is int:
        yield from _integer_refs(value, sources)


def _integer_refs(value: int, sources: Sources) -> Iterator[tuple[Source, int]]:
    is_state = False  # an event may have the same time by chance
    for source, other in sources.items():
        if source != CLOCK and type(other) is int and (other == value or source[0] == "event"):
            is_state = is_state or source[0] == "state"
            yield source, value - other
    if not is_state and sources.get(CLOCK) == value:
        yield CLOCK, 0


def put(value: Any, path: Path, new: Any) -> None:
    """Sets one value of a JSON tree."""
    *way, last = path
    for step in way:
        value = value[step]
    value[last] = new


def altered(value: Any, changes: Iterable[tuple[Path, Any]]) -> Any:
    """A copy with other values at some places: of JSON, or of the objects that it was dumped from.

    What no change concerns is shared with the original.
    """
    below: dict[Any, list[tuple[Path, Any]]] = {}
    for path, new in changes:
        if not path:
            return new
        below.setdefault(path[0], []).append((path[1:], new))
    made = copy.copy(value)
    if isinstance(value, (dict, list)):
        for step, some in below.items():
            made[step] = altered(value[step], some)
    else:
        for step, some in below.items():
            setattr(made, step, altered(getattr(value, step), some))
    return made
