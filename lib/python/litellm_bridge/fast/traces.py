"""The state of LiteLLM's objects around one stream: what it is, and what of it has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from .formats import Fit
from .leaves import Sources
from .scan import may_be_text

WRAPPER: Final = "wrapper"
LOGGING: Final = "logging"
ITERATOR: Final = "iterator"

Names = dict[tuple[str, str], Any]

# What each chunk with text changes; WrapperState keeps it up to date.
# _repeated_messages_count: of newer versions (1.103.7), for the check against endless repetition.
_KEPT = frozenset(("chunks", "response_uptil_now", "_repeated_messages_count"))
SCALARS = (str, int, float, bool, type(None))
# What a stream gets from its provider, its clock or its request, and LiteLLM only copies.
_NAMES = frozenset(
    (
        "_cached_model_name",
        "_provider_response_model",
        "created",
        "model",
        "response_id",
        "served_model",
        "system_fingerprint",
    )
)
# Not what a chunk is made from.
_ASIDE = frozenset(
    (
        "_last_returned_hidden_params",
        "_response_headers",
        "_stream_created_time",
        "completion_stream",
        "logging_obj",
        "make_call",
        "messages",
        "response",
        "response_headers",
        "rules",
    )
)
_LONGEST = 64  # items of a list that grows, above which its stream is not learnt from


@dataclass(frozen=True, slots=True)
class State:
    """The wrapper and its iterator at one time."""

    names: Names  # what can be seen to change of them, without copying much
    key: tuple[Any, ...]  # as any stream can have it: equal keys, equal behaviour
    sources: Sources  # what values may be copies of


class Traces:
    """Of one stream."""

    def __init__(self, wrapper: Any, fit: Fit) -> None:
        self.owners = {WRAPPER: wrapper, LOGGING: wrapper.logging_obj, ITERATOR: fit.iterator}
        self._format = fit.format
        self._grows = [name for name in fit.format.grows if hasattr(fit.iterator, name)]
        self._context: tuple[Any, ...] = ()

    def state(self) -> State:
        names: Names = {}
        key: list[Any] = [self._around()]
        sources: Sources = {}
        for owner in (WRAPPER, ITERATOR):
            for name, value in vars(self.owners[owner]).items():
                if name in _KEPT or name in self._grows:
                    continue
                names[owner, name] = trace = _trace(value)
                if owner == ITERATOR and name not in _ASIDE and isinstance(value, (dict, list)):
                    names[owner, name] = (*trace, repr(value))  # what is in it may be replaced
                if name in _NAMES and value and type(value) in (str, int):
                    sources["state", owner, name] = value
                    key.append((owner, name, type(value)))
                elif name not in _ASIDE:
                    key.append((owner, name, type(value), trace if trace is value else trace[1]))
        for name in self._grows:
            names["grown", name] = shapes = self._shapes(name)
            key.append((name, shapes))
        return State(names, tuple(key), sources)

    def logging(self) -> Names:
        """What can be seen to change of the logging object."""
        items = vars(self.owners[LOGGING]).items()
        return {(LOGGING, name): _trace(value) for name, value in items}

    def lists(self) -> dict[str, list[Any]]:
        """Those that grow, as they are."""
        return {name: getattr(self.owners[ITERATOR], name) for name in self._grows}

    @property
    def is_usual(self) -> bool:
        """Whether the iterator reads as it usually does."""
        iterator = self.owners[ITERATOR]
        return all(getattr(iterator, k, v) == v for k, v in self._format.requires)

    def _around(self) -> tuple[Any, ...]:
        """What does not change in a stream."""
        if not self._context:
            wrapper, logging = self.owners[WRAPPER], self.owners[LOGGING]
            details = logging.model_call_details
            headers = getattr(self.owners[ITERATOR], "response_headers", None) or {}
            self._context = (
                self._format.name,
                tuple(map(type, self.owners.values())),
                details.get("custom_llm_provider"),
                repr(wrapper.stream_options),
                repr(getattr(logging, "optional_params", None)),
                repr(sorted((k, v) for k, v in headers.items() if "tier" in k)),
                _unknown(wrapper),
            )
        return self._context

    def _shapes(self, name: str) -> Any:
        """The kinds of a list's items, each once."""
        items = getattr(self.owners[ITERATOR], name)
        if len(items) > _LONGEST:
            return id(items), len(items)
        return tuple(dict.fromkeys(map(_shape, items)))


def _unknown(wrapper: Any) -> tuple[str, ...]:
    """What the wrapper hides in its chunks and has no value for, as a cost for a model without a
    price. With it, None in a chunk may be the chunk's own or the wrapper's: they look the same."""
    hidden = getattr(wrapper, "_hidden_params", None) or {}
    return tuple(sorted(name for name, value in hidden.items() if value is None))


def _trace(value: Any) -> Any:
    if isinstance(value, SCALARS):
        return value
    return id(value), len(value) if isinstance(value, (list, dict, set, tuple)) else 0


def _shape(item: Any, key: str = "") -> Any:
    if isinstance(item, dict):
        return tuple((name, _shape(value, name)) for name, value in item.items())
    if isinstance(item, list):
        return tuple(map(_shape, item))
    if isinstance(item, str) and may_be_text(key):
        return bool(item)
    return repr(item)
