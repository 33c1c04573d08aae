"""What LiteLLM makes of one kind of event in one state, learnt from all streams of the process."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from ..chunks import plain
from .growth import Kind
from .leaves import (
    CLOCK,
    RANDOM,
    Leaf,
    Path,
    Source,
    Sources,
    altered,
    draw,
    drawn,
    leaves_of,
    same,
)
from .scan import NAME, Scan

SENT, KEPT, HIDDEN, CHANGED = "sent", "kept", "hidden", "changed"  # where a leaf is
_MOST = 256  # recipes; the one that was not asked for longest goes
_AUDIT = 64  # every so many answers LiteLLM is asked again

_VARIED = object()


@dataclass(slots=True)
class Observation:
    """What LiteLLM did with an event."""

    sources: Sources  # before
    sent: Any  # the chunk as JSON; None: it gave none
    kept: Any  # the object that was added to the wrapper's chunks; None: none was
    is_same: bool  # whether that is the very chunk
    hidden: dict[str, Any]  # the kept chunk's, but for what is the wrapper's
    around: dict[str, Any]  # that
    changes: dict[tuple[str, str], Any]  # attributes, with their new values
    grown: tuple[tuple[Kind, str], ...]  # what lists grew by
    is_first: bool  # it set the time of the first chunk

    @property
    def shape(self) -> tuple[Any, ...]:
        """In what outcomes of one kind don't differ."""
        chunks = self.sent is not None, self.kept is not None, self.is_same
        return (*chunks, self.grown, self.is_first, frozenset(self.around))

    def leaves(self) -> dict[Path, Any]:
        trees: dict[str, Any] = {HIDDEN: self.hidden}
        if self.sent is not None:
            trees[SENT] = self.sent
        if self.kept is not None and not self.is_same:
            trees[KEPT] = self.kept.model_dump()
        found = {
            path: value for tree, item in trees.items() for path, value in leaves_of(item, (tree,))
        }
        found |= {(CHANGED, *name): value for name, value in self.changes.items()}
        return found


def sources_of(scan: Scan, state: Sources) -> Sources:
    """What the values of an outcome may be copies of."""
    tokens = {("event", number): token.value for number, token in enumerate(scan.tokens)}
    return {**tokens, **state, CLOCK: int(time.time())}


def names_of(scan: Scan, state: Sources) -> tuple[tuple[int, Source], ...]:
    """Which names of an event are those that the stream has already. Where one is not, LiteLLM may
    take it over: another kind of event, whose recipe is its own."""
    return tuple(
        (number, source)
        for number, token in enumerate(scan.tokens)
        if token.kind == NAME
        for source, value in state.items()
        if value == token.value
    )


class Recipe:
    """changes: whether the state is another afterwards. dead: the outcome is none that can be told
    from what was before."""

    def __init__(self, seen: Observation) -> None:
        self.first = seen
        self.first.kept = seen.kept and seen.kept.model_copy(deep=True)
        found = seen.leaves()
        sources = seen.sources | drawn(found, seen.sources)
        self.leaves = {path: Leaf(path, value, sources) for path, value in found.items()}
        self.changes = bool(seen.changes or seen.grown or seen.is_first)
        self.dead = any(not _is_plain(leaf) for leaf in self.leaves.values())
        self._values = dict(seen.sources)  # or _VARIED, once two were seen
        self.randoms: list[Source] = []
        self._count = 1
        self._asked = 0  # since LiteLLM did it

    def observe(self, seen: Observation) -> None:
        found = seen.leaves()
        if seen.shape != self.first.shape or found.keys() != self.leaves.keys():
            self.dead = True
            return
        sources = seen.sources | drawn(found, seen.sources)
        for path, value in found.items():
            if not self.leaves[path].observe(value, sources):
                self.dead = True
                return
        self.randoms = sorted(
            {s for leaf in self.leaves.values() for s in leaf.refs if s[0] == RANDOM}
        )
        for source, value in seen.sources.items():
            if not same(self._values.get(source), value):
                self._values[source] = _VARIED
        self._count += 1
        self._asked = 0
        self.dead = not self._rebuilds(seen, sources)

    def varied(self, number: int) -> bool:
        """Whether that token of the event was seen with two values at least."""
        return self._values.get(("event", number)) is _VARIED

    def answer(self, sources: Sources) -> dict[Path, Any] | None:
        """The leaves that are no constants. None: LiteLLM has to be asked."""
        if self.dead or self._count < 2 or self._asked >= _AUDIT:
            return None
        self._asked += 1
        for source, value in sources.items():
            known = self._values.get(source)
            if source != CLOCK and known is not _VARIED and not same(known, value):
                return None
        return self.told(sources | {source: draw(source) for source in self.randoms})

    def told(self, sources: Sources) -> dict[Path, Any] | None:
        """The same, for an event that is known to be of the kind, with the random ids drawn."""
        told = {}
        for path, leaf in self.leaves.items():
            if leaf.is_constant:
                continue
            agreed, value = leaf.value(sources)
            if not agreed:
                return None
            told[path] = value
        return told

    def keep(self, told: dict[Path, Any], around: dict[str, Any]) -> Any:
        """The chunk for the wrapper's list, as LiteLLM would have made it.

        around: what the wrapper hides in its chunks.
        """
        tree = SENT if self.first.is_same else KEPT
        chunk = altered(self.first.kept, _below(tree, told))
        hidden = {name: around[name] for name in self.first.around if name in around}
        hidden |= altered(self.first.hidden, _below(HIDDEN, told))
        chunk._hidden_params = {**hidden, "created_at": time.time()}
        return chunk

    def chunk(self, told: dict[Path, Any]) -> Any:
        """The chunk to send, as JSON; None: there is none."""
        return altered(self.first.sent, _below(SENT, told))

    def _rebuilds(self, seen: Observation, sources: Sources) -> bool:
        """Whether what is put together is what LiteLLM made."""
        told = self.told(sources)
        if told is None or seen.kept is None:
            return True
        made = self.keep(told, seen.around)
        if seen.is_same:
            return bool(plain(made) == seen.sent)
        return bool(made.model_dump() == seen.kept.model_dump())


def _below(tree: str, told: dict[Path, Any]) -> list[tuple[Path, Any]]:
    return [(path[1:], value) for path, value in told.items() if path[0] == tree]


class Recipes:
    """Of the whole process."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Any, ...], Recipe] = OrderedDict()

    def get(self, key: tuple[Any, ...]) -> Recipe | None:
        recipe = self._known.get(key)
        if recipe is not None:
            self._known.move_to_end(key)
        return recipe

    def add(self, key: tuple[Any, ...], seen: Observation) -> Recipe:
        recipe = self.get(key)
        if recipe is None:
            recipe = self._known[key] = Recipe(seen)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        elif not recipe.dead:
            recipe.observe(seen)
        return recipe

    def clear(self) -> None:
        self._known.clear()


def _is_plain(leaf: Leaf) -> bool:
    """Not an object of some class, whose changes could not be seen."""
    value = leaf.const
    return value is None or isinstance(value, (str, int, float, bool)) or value in ([], {}, ())


recipes = Recipes()
