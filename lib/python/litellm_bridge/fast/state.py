"""The state of LiteLLM's stream wrapper, kept as it would be had it seen every event."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from .patterns import Tokens
from .templates import ALL_BUT_LAST, NONE, Template, content_of
from .traces import ITERATOR, WRAPPER

# And the text as UTF-8, and the tokens of its event.
Pending = tuple[Template, bytes, Tokens]


class WrapperState:
    """chunks, response_uptil_now and the repetition count of one wrapper.

    LiteLLM builds the whole response from `chunks`, so that runs of one kind may be joined there.
    But it also ends a stream that repeats itself, by looking at the last chunks: the last run of
    equal contents stays one by one, and what is before it differs from it.
    """

    def __init__(self, wrapper: Any, iterator: Any, repetition_limit: int) -> None:
        self._wrapper = wrapper
        self._owners = {WRAPPER: wrapper, ITERATOR: iterator}
        self._limit = repetition_limit
        self._pending: list[Pending] = []
        self._content: bytes | None = None  # of the last chunk
        self._run = 0  # how many times it has come, up to now
        self._run_before = 1  # the same, of the last other content
        self._seen = 0  # of wrapper.chunks

    def add(self, template: Template, text: bytes, tokens: Tokens) -> None:
        """A chunk that the wrapper did not see."""
        self._pending.append((template, text, tokens))
        if not template.is_content:
            self._count(None)
        elif text == self._content:
            self._run += 1
        else:
            self._count(text)

    def append(self, chunk: Any) -> None:
        """The same, made already. What is pending must be in place."""
        self._wrapper.chunks.append(chunk)
        self.learn()
        self._wrapper.response_uptil_now += content_of(chunk) or ""

    @property
    def is_repetitive(self) -> bool:
        """Whether one content came twice just now."""
        return self._run > 1 or self._run_before > 1

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
        for template, text, tokens in self._joined(pending):
            decoded = text.decode()
            self._wrapper.chunks.append(template.chunk(decoded, tokens))
            for kind, name in template.grown:
                getattr(self._owners[ITERATOR], name).append(template.item(kind, decoded))
            template.assign(self._owners, tokens)
        self._seen = len(self._wrapper.chunks)
        contents = [text for template, text, _ in pending if template.is_content]
        self._wrapper.response_uptil_now += b"".join(contents).decode()
        self._set_repetitions()

    def _set_repetitions(self) -> None:
        if hasattr(self._wrapper, "_repeated_messages_count"):
            self._wrapper._repeated_messages_count = self.repetitions()

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
        runs = groupby(pending[: len(pending) - tail], key=lambda item: item[0])
        joined: list[Pending] = []
        for template, items in runs:
            joined += self._joined_run(template, list(items))
        return joined + pending[len(pending) - tail :]

    def _joined_run(self, template: Template, items: list[Pending]) -> list[Pending]:
        if template.joins == NONE:
            return items
        last = items[-1:] if template.joins == ALL_BUT_LAST else []
        texts = [text for _, text, _ in items[: len(items) - len(last)]]
        if not texts:
            return last
        tokens = items[len(texts) - 1][2]
        if len(texts) > 1 and b"".join(texts) == self._content:
            parts = [b"".join(texts[:-1]), texts[-1]]
        else:
            parts = [b"".join(texts)]
        return [(template, part, tokens) for part in parts] + last
