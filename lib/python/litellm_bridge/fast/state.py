"""The state of LiteLLM's stream wrapper, kept as it would be had it seen every event."""

from __future__ import annotations

import time
from typing import Any

from .. import frames
from ..chunks import plain
from .templates import Template

Pending = tuple[Template, bytes]  # and the text as UTF-8

# What each chunk with text changes; sync() does it for those that the wrapper has not seen.
# _repeated_messages_count: of newer versions (1.103.7), for the check against endless repetition.
_KEPT = frozenset(("chunks", "response_uptil_now", "_repeated_messages_count"))
_SCALARS = (str, int, float, bool, type(None))


def snapshot(owner: Any) -> dict[str, Any]:
    """What can be seen to change of an object, without copying much."""
    return {name: _trace(value) for name, value in vars(owner).items() if name not in _KEPT}


def _trace(value: Any) -> Any:
    if isinstance(value, _SCALARS):
        return value
    return id(value), len(value) if isinstance(value, (list, dict, set, tuple)) else 0


class WrapperState:
    """chunks, response_uptil_now and the repetition count of one wrapper.

    LiteLLM builds the whole response from `chunks`, so that runs of one kind may be joined there.
    But it also ends a stream that repeats itself, by looking at the last chunks: the last run of
    equal contents stays one by one, and what is before it differs from it.
    """

    def __init__(self, wrapper: Any, repetition_limit: int) -> None:
        self._wrapper = wrapper
        self._limit = repetition_limit
        self._pending: list[Pending] = []
        self._content: bytes | None = None  # of the last chunk
        self._run = 0  # how many times it has come, up to now
        self._run_before = 1  # the same, of the last other content
        self._seen = 0  # of wrapper.chunks

    def add(self, template: Template, text: bytes) -> None:
        """A chunk that the wrapper did not see."""
        self._pending.append((template, text))
        if template.slot != frames.SLOT_CONTENT:
            self._count(None)
        elif text == self._content:
            self._run += 1
        else:
            self._count(text)

    def sees_repetition(self) -> bool:
        """Whether LiteLLM's own check may be about to raise."""
        return self._run >= self._limit - 1 and self._is_counted(self._content)

    def learn(self) -> list[Any]:
        """The chunks that the wrapper has kept since the last time."""
        new: list[Any] = self._wrapper.chunks[self._seen :]
        self._seen += len(new)
        for chunk in new:
            content = content_of(chunk)
            self._count(None if content is None else content.encode("utf-8", "surrogatepass"))
        return new

    def repetitions(self) -> int:
        """What the wrapper counts when it sees a chunk: without that chunk itself."""
        if self._run >= 2:
            return self._run - 1 if self._is_counted(self._content) else 1
        return self._run_before

    def sync(self) -> None:
        """Makes the wrapper what it would be had it seen all chunks."""
        pending, self._pending = self._pending, []
        if not pending:
            return
        wrapper = self._wrapper
        for template, text in self._joined(pending):
            wrapper.chunks.append(_chunk(template, text.decode()))
        self._seen = len(wrapper.chunks)
        contents = [text for template, text in pending if template.slot == frames.SLOT_CONTENT]
        wrapper.response_uptil_now += b"".join(contents).decode()
        if hasattr(wrapper, "_repeated_messages_count"):
            wrapper._repeated_messages_count = self.repetitions()

    def _count(self, content: bytes | None) -> None:
        if content is not None and content == self._content:
            self._run += 1
            return
        repeated = self._run > 1 and self._is_counted(self._content)
        self._run_before = self._run if repeated else 1
        self._content, self._run = content, 1

    @staticmethod
    def _is_counted(content: bytes | None) -> bool:
        return content is not None and len(content.decode(errors="replace")) > 2

    def _joined(self, pending: list[Pending]) -> list[Pending]:
        tail = min(self._run, len(pending)) if self._content is not None else 0
        joined: list[Pending] = []
        for template, texts in _runs(pending[: len(pending) - tail]):
            text = b"".join(texts)
            if text == self._content and len(texts) > 1:
                joined.append((template, b"".join(texts[:-1])))
                text = texts[-1]
            joined.append((template, text))
        return joined + pending[len(pending) - tail :]


def _runs(pending: list[Pending]) -> list[tuple[Template, list[bytes]]]:
    runs: list[tuple[Template, list[bytes]]] = []
    for template, text in pending:
        if runs and runs[-1][0] is template:
            runs[-1][1].append(text)
        else:
            runs.append((template, [text]))
    return runs


def content_of(chunk: Any) -> str | None:
    try:
        content = chunk.choices[0].delta.content
    except (AttributeError, IndexError):
        return None
    return content if isinstance(content, str) else None


def rebuilds(template: Template, seen: Template) -> bool:
    """Whether the chunk that is put together for a text is the one that LiteLLM made of it."""
    made = plain(_chunk(template, seen.text))
    if template.pad_key:
        made[template.pad_key] = seen.pad
    return bool(made == plain(seen.chunk))


def _chunk(template: Template, text: str) -> Any:
    """As LiteLLM would have made it. Its time of making is what it sorts them by."""
    chunk = template.chunk.model_copy(deep=True)
    delta = chunk.choices[0].delta
    if template.slot == frames.SLOT_CONTENT:
        delta.content = text
    elif template.slot == frames.SLOT_REASONING:
        delta.reasoning_content = text
    else:
        delta.tool_calls[0].function.arguments = text
    chunk._hidden_params = {**chunk._hidden_params, "created_at": time.time()}
    return chunk
