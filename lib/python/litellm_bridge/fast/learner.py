"""Learns templates from what LiteLLM does with the events that it is given."""

from __future__ import annotations

from typing import Any

from .anatomy import Anatomy, dissect
from .formats import Fit
from .state import WrapperState, content_of, rebuilds, snapshot
from .switch import Switch
from .templates import Template, template_of

MOST = 8  # templates of one stream
PATIENCE = 64  # events looked at without a use, after which no more are
SURPRISES = 8  # events that changed what no event with text is known to change
# What an event with text may change: of the wrapper, and of the logging object (the first one).
KNOWN = {
    "_provider_response_model",
    "completion_start_time",
    "created",
    "intermittent_finish_reason",
    "model",
    "model_call_details",
    "response_id",
    "sent_first_chunk",
    "system_fingerprint",
    "tool_call",
}


class Learner:
    """Watches one wrapper: before() and after() each event that LiteLLM is given."""

    def __init__(self, wrapper: Any, fit: Fit, state: WrapperState, switch: Switch) -> None:
        self._wrapper = wrapper
        self._json_at = fit.format.json_at
        self._state = state
        self._switch = switch
        self._templates: list[Template] = []
        self._patience = PATIENCE
        self._surprises = 0
        self._found: Anatomy | None = None
        self._before: tuple[Any, ...] = ()

    def before(self, view: bytes | None) -> None:
        """view: of the event; None where there is none."""
        finished = getattr(self._wrapper, "received_finish_reason", None) is not None
        self._found = None
        if view is not None and self._patience > 0 and not finished:
            self._found = dissect(view, self._json_at(view))
        if self._found is not None:
            self._before = self._traces()

    def after(self, chunks: list[Any]) -> None:
        """chunks: what LiteLLM made of the event."""
        kept = self._state.learn()
        found, self._found = self._found, None
        if found is None:
            return
        self._patience -= 1
        try:
            self._learn(found, chunks, kept)
        except Exception as exc:  # what LiteLLM's objects are is not ours; the stream goes on
            self._patience = 0
            self._switch.off(f"a chunk of LiteLLM's can't be learnt ({type(exc).__name__}: {exc})")

    def active(self) -> list[Template]:
        """The proven templates that fit the wrapper's state as it is now."""
        state = snapshot(self._wrapper)
        return [t for t in self._templates if t.proven and t.state == state]

    def _learn(self, found: Anatomy, chunks: list[Any], kept: list[Any]) -> None:
        self._watch()
        template = None
        if len(chunks) == 1 and len(kept) == 1 and chunks[0] is kept[0]:
            template = self._template(found, chunks[0])
        self._judge(found, template)

    def _traces(self) -> tuple[Any, ...]:
        wrapper = self._wrapper
        return snapshot(wrapper), snapshot(wrapper.logging_obj), wrapper.response_uptil_now

    def _template(self, found: Anatomy, chunk: Any) -> Template | None:
        """None: the event did more than to give a chunk with its text."""
        state, logging, text = self._traces()
        expected = self._before[2] + (content_of(chunk) or "")
        if (state, logging) != self._before[:2] or text != expected:
            return None
        count = getattr(self._wrapper, "_repeated_messages_count", None)
        if count is not None and count != self._state.repetitions():
            return None
        return template_of(found, chunk, state)

    def _judge(self, found: Anatomy, template: Template | None) -> None:
        old = next((t for t in self._templates if t.pattern == found.pattern), None)
        if old is not None and (template is None or old.opposes(template)):
            self._templates.remove(old)
            old = None
        if template is None:
            return
        if old is None:
            self._templates.insert(0, template)
            del self._templates[MOST:]
        elif old.confirms(template):
            old.proven = rebuilds(old, template)
            self._patience = PATIENCE

    def _watch(self) -> None:
        """A wrapper in which something unknown changes with chunk after chunk is not the one that
        we know, whatever else of it is."""
        names = set()
        for before, after in zip(self._before[:2], self._traces()[:2], strict=True):
            names |= {name for name in after if before.get(name, after) != after[name]}
        if names <= KNOWN:
            return
        self._surprises += 1
        if self._surprises >= SURPRISES:
            self._switch.off(f"LiteLLM's wrapper changes with each chunk: {sorted(names - KNOWN)}")
