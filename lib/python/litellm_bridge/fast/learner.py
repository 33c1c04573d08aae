"""Watches what LiteLLM does with events, and knows what it would do with others."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from typing import Any

from ..chunks import plain
from .formats import Fit
from .growth import EMPTIED, Kind, item_of, kind_of
from .leaves import CLOCK, Path, Sources
from .recall import recalls
from .recipes import CHANGED, Observation, Recipe, names_of, recipes, sources_of
from .scan import TEXT, Scan, scan
from .state import WrapperState
from .switch import Switch
from .templates import Template, content_of, template_of
from .traces import ITERATOR, LOGGING, SCALARS, WRAPPER, Names, State, Traces

MOST = 12  # templates of one stream
PATIENCE = 64  # events looked at without a use, after which no more are
SURPRISES = 8  # events that changed what no event with text is known to change
# What an event with text may change: of the wrapper, of the logging object (the first one), and
# of LiteLLM's readers.
KNOWN = {
    "_provider_response_model",
    "completion_start_time",
    "created",
    "cumulative_tool_call_index",
    "current_content_block_type",
    "finished_reasoning_content",
    "has_seen_tool_calls",
    "intermittent_finish_reason",
    "model",
    "model_call_details",
    "response_id",
    "sent_first_chunk",
    "served_model",
    "started_reasoning_content",
    "system_fingerprint",
    "tool_call",
}
_STARTED = (LOGGING, "completion_start_time")
_DETAILS = (LOGGING, "model_call_details")


@dataclass(slots=True)
class Attempt:
    """An event that was looked at, and all that there was before it."""

    scan: Scan
    key: tuple[Any, ...]
    sources: Sources
    state: State
    logging: Names
    lists: dict[str, tuple[list[Any], int]]  # those that grow, and how long they were
    text: int  # characters of response_uptil_now


@dataclass(slots=True)
class Outcome:
    """What LiteLLM would do with an event."""

    recipe: Recipe
    told: dict[Path, Any]
    scan: Scan
    sources: Sources
    kept: Any  # the chunk for the wrapper's list, if there is one
    before: State

    @property
    def says_something(self) -> bool:
        return bool(_text(self.scan))


class Learner:
    """Of one stream."""

    def __init__(self, wrapper: Any, fit: Fit, state: WrapperState, switch: Switch) -> None:
        self._wrapper = wrapper
        self._json_at = fit.format.json_at
        self._state = state
        self._switch = switch
        self._traces = Traces(wrapper, fit)
        self._templates: list[Template] = []
        self._patience = PATIENCE
        self._surprises = 0
        self._attempt: Attempt | None = None
        self._now: State  # as it was seen last; of no use before an event was looked at

    def consider(self, view: bytes | None) -> Outcome | None:
        """None: LiteLLM has to do the event; after() is to be called then."""
        self._attempt = None
        if view is None or self._patience <= 0 or not self._is_usual():
            return None
        found = scan(view, self._json_at(view))
        try:
            return None if found is None else self._known(found)
        except Exception as exc:  # what LiteLLM's objects are is not ours; the stream goes on
            self._give_up(exc)
            return None

    def _known(self, found: Scan) -> Outcome | None:
        self._state.sync()
        state = self._now = self._traces.state()
        key = state.key, found.key, names_of(found, state.sources)
        sources = sources_of(found, state.sources)
        recipe = None if self._state.is_repetitive else recipes.get(key)
        told = recipe.answer(sources) if recipe is not None else None
        if recipe is not None and told is not None:
            keep = recipe.first.kept is not None
            kept = recipe.keep(told, _around(self._wrapper)) if keep else None
            return Outcome(recipe, told, found, sources, kept, state)
        self._attempt = self._before(found, key, sources)
        return None

    def apply(self, outcome: Outcome) -> Any:
        """Does it in LiteLLM's place. The chunk to send as JSON; None: there is none."""
        recipe, told = outcome.recipe, outcome.told
        if outcome.kept is not None:
            self._state.append(outcome.kept)
        for kind, name in recipe.first.grown:
            self._grow(name, kind, outcome.scan)
        for path, leaf in recipe.leaves.items():
            if path[0] == CHANGED:
                owner, name = path[1:]
                setattr(self._traces.owners[owner], name, told.get(path, leaf.const))
        if recipe.first.is_first:
            self._traces.owners[LOGGING]._update_completion_start_time(
                completion_start_time=datetime.datetime.now()
            )
        self._patience = PATIENCE
        return recipe.chunk(told)

    def prepare(self, outcome: Outcome) -> None:
        """After apply, for the events to come."""
        recipe = outcome.recipe
        if recipe.changes:
            self._now = self._traces.state()
        try:
            self._make_template(recipe, outcome.scan, outcome.sources, outcome.before)
        except Exception as exc:
            self._give_up(exc)

    def after(self, chunks: list[Any]) -> None:
        """chunks: what LiteLLM made of the event."""
        kept = self._state.learn()
        if self._templates or self._attempt is not None:
            self._now = self._traces.state()
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        self._patience -= 1
        try:
            self._learn(attempt, chunks, kept)
        except Exception as exc:
            self._give_up(exc)

    def _give_up(self, exc: Exception) -> None:
        """LiteLLM does the rest of this stream."""
        self._patience, self._templates = 0, []
        self._switch.doubt(f"a chunk of LiteLLM's can't be learnt ({type(exc).__name__}: {exc})")

    def active(self) -> list[Template]:
        """The templates that fit the wrapper's state as it is now."""
        if not self._templates:
            return []
        return [template for template in self._templates if template.fits(self._now.names)]

    def _is_usual(self) -> bool:
        finished = getattr(self._wrapper, "received_finish_reason", None) is not None
        return not finished and self._traces.is_usual

    def _before(self, found: Scan, key: tuple[Any, ...], sources: Sources) -> Attempt:
        lists = self._traces.lists().items()
        return Attempt(
            scan=found,
            key=key,
            sources=sources,
            state=self._now,
            logging=self._traces.logging(),
            lists={name: (items, len(items)) for name, items in lists},
            text=len(self._wrapper.response_uptil_now),
        )

    def _learn(self, attempt: Attempt, chunks: list[Any], kept: list[Any]) -> None:
        names = self._now.names | self._traces.logging()
        before = attempt.state.names | attempt.logging
        changed = {name for name in names if before.get(name, _NEW) != names[name]}
        self._watch(attempt, chunks, changed)
        seen = self._observed(attempt, chunks, kept, changed)
        if seen is None or self._recalls(attempt, seen):
            return
        recipe = recipes.add(attempt.key, seen)
        self._make_template(recipe, attempt.scan, attempt.sources, attempt.state)

    def _observed(
        self, attempt: Attempt, chunks: list[Any], kept: list[Any], changed: set[Any]
    ) -> Observation | None:
        """None: the event did more than can be told again."""
        wrapper = self._wrapper
        is_first = _STARTED in changed and attempt.logging.get(_STARTED) is None
        changes = self._changes(changed - {_STARTED, _DETAILS} if is_first else changed)
        grown = self._grown(attempt)
        if len(chunks) > 1 or len(kept) > 1 or changes is None or grown is None:
            return None
        chunk, keep = chunks[0] if chunks else None, kept[0] if kept else None
        if attempt.sources[CLOCK] != int(time.time()) or not self._is_usual():
            return None
        content = (content_of(keep) or "") if chunk is not None else ""
        if wrapper.response_uptil_now[attempt.text :] != content:
            return None
        count = getattr(wrapper, "_repeated_messages_count", None)
        if chunk is not None and count is not None and count != self._state.repetitions():
            return None
        around = _around(wrapper)
        own = _own(keep, around)
        return Observation(
            sources=attempt.sources,
            sent=None if chunk is None else plain(chunk),
            kept=keep,
            is_same=keep is chunk,
            hidden=own,
            around={
                k: v
                for k, v in around.items()
                if keep and k in keep._hidden_params and k not in own
            },
            changes=changes,
            grown=grown,
            is_first=is_first,
        )

    def _recalls(self, attempt: Attempt, seen: Observation) -> bool:
        """Whether it may have told again what lists of earlier events hold."""
        before = [(items, length) for items, length in attempt.lists.values() if length]
        if not before or seen.sent is None or _text(attempt.scan) is not None:
            return False
        if not seen.grown or any(len(items) < length for items, length in before):
            return True
        told = [seen.sent, seen.hidden, *seen.changes.values()]
        return any(recalls(told, items[:length]) for items, length in before)

    def _changes(self, changed: set[Any]) -> dict[tuple[str, str], Any] | None:
        """Attributes with new values. None: more than scalars of wrapper and iterator changed."""
        changes = {}
        for owner, name in changed:
            if owner == "grown":
                continue
            value = vars(self._traces.owners[owner])[name]
            if owner not in (WRAPPER, ITERATOR) or not isinstance(value, SCALARS):
                return None
            changes[owner, name] = value
        return changes

    def _grown(self, attempt: Attempt) -> tuple[tuple[Kind, str], ...] | None:
        """How the lists grew. None: otherwise than can be told again."""
        grown = []
        for name, items in self._traces.lists().items():
            which, length = attempt.lists[name]
            new = items[length:] if items is which else items
            if items is not which:
                grown.append((EMPTIED, name))
            if not new:
                continue
            kind = kind_of(new[0], attempt.scan.value, _text(attempt.scan))
            if len(new) > 1 or kind is None:
                return None
            grown.append((kind, name))
        return tuple(grown)

    def _grow(self, name: str, kind: Kind, found: Scan) -> None:
        iterator = self._traces.owners[ITERATOR]
        if not kind:
            setattr(iterator, name, [])
        else:
            item = item_of(kind, found.value, _text(found))
            getattr(iterator, name).append(item)

    def _make_template(self, recipe: Recipe, found: Scan, sources: Sources, before: State) -> None:
        if recipe.dead:
            self._templates = [t for t in self._templates if t.recipe is not recipe]
            return
        template = template_of(recipe, found, sources, _around(self._wrapper))
        if template is None:
            return
        template.state = names = self._now.names
        if not template.fits(before.names):
            return
        others = [t for t in self._templates if t.recipe is not recipe or not t.fits(names)]
        self._templates = [template, *others][:MOST]
        self._patience = PATIENCE

    def _watch(self, attempt: Attempt, chunks: list[Any], changed: set[Any]) -> None:
        """A wrapper in which something unknown changes with chunk after chunk is not the one that
        we know, whatever else of it is."""
        if not chunks or _text(attempt.scan) is None:
            return
        names = {name for owner, name in changed if owner != "grown"}
        if names <= KNOWN:
            return
        self._surprises += 1
        if self._surprises >= SURPRISES:
            self._switch.off(f"LiteLLM's wrapper changes with each chunk: {sorted(names - KNOWN)}")


_NEW = object()


def _around(wrapper: Any) -> dict[str, Any]:
    """What a wrapper hides in all its chunks."""
    return {**wrapper._hidden_params, **getattr(wrapper, "_base_hidden_params", {})}


def _own(kept: Any, around: dict[str, Any]) -> dict[str, Any]:
    """What a chunk hides that is not the wrapper's."""
    hidden = {} if kept is None else kept._hidden_params
    own = {name: value for name, value in hidden.items() if value != around.get(name, _NEW)}
    own.pop("created_at", None)
    return own


def _text(found: Scan) -> Any:
    return next((token.value for token in found.tokens if token.kind == TEXT), None)
