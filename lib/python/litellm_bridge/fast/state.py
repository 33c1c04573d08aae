"""The state of LiteLLM's stream wrapper, kept as it would be had it seen every event."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice
from operator import eq
from typing import Any, Final

from .patterns import Tokens
from .templates import ALL, ALL_BUT_LAST, NONE, Template, content_of
from .traces import ITERATOR, WRAPPER

# And the text as UTF-8, and the tokens of its event.
Pending = tuple[Template, bytes, Tokens]

_LONG: Final = 512  # pending chunks, from which on what may be joined is
_PARTS: Final = 3  # of a Pending


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
        # The parts of each Pending, one after another. Objects of its own for each chunk would be
        # walked through by every full garbage collection: 15 ms at a million, for all streams.
        self._pending: list[Any] = []
        self._short = 0  # how many of the parts are joined as far as may be
        self._room = _LONG * _PARTS  # for so many without another look
        self._content: bytes | None = None  # of the last chunk
        self._run = 0  # how many times it has come, up to now
        self._run_before = 1  # the same, of the last other content
        self._seen = 0  # of wrapper.chunks
        self._is_apart = False  # LiteLLM's count is not what the run tells

    def add(self, template: Template, text: bytes, tokens: Tokens) -> None:
        """A chunk that the wrapper did not see."""
        if len(self._pending) >= self._room:
            self._shorten()
        self._pending += template, text, tokens
        self._count(text if template.is_content else None)

    def add_one(self, template: Template, text: bytes) -> bool:
        """A chunk whose text is its only token. False: nothing was done, LiteLLM may be about to
        act on a repetition."""
        if self._is_apart or self._run >= self._limit - 1:
            return False
        self.add(template, text, ())
        return True

    def add_run(self, template: Template, texts: list[bytes]) -> bool:
        """Many at once, whose tokens are their texts alone. False: nothing was done, since some
        repeat the one before, or stay one by one."""
        if len(texts) == 1:
            return self.add_one(template, texts[0])
        if self._is_apart or self._run >= self._limit - 1:
            return False
        if template.joins != ALL or texts[0] == self._content:
            return False
        if any(map(eq, texts, islice(texts, 1, None))):
            return False
        if len(self._pending) >= self._room:
            self._shorten()
        for item in _shortened([(template, text, ()) for text in texts]):
            self._pending += item
        self._content = texts[-1] if template.is_content else None
        self._run = self._run_before = 1
        return True

    def append(self, chunk: Any) -> None:
        """The same, made already. What is pending must be in place."""
        self._wrapper.chunks.append(chunk)
        self.learn()
        self._wrapper.response_uptil_now += content_of(chunk) or ""

    @property
    def is_repetitive(self) -> bool:
        """Whether one content came twice just now."""
        return self._is_apart or self._run > 1 or self._run_before > 1

    def sees_repetition(self) -> bool:
        """Whether LiteLLM's own check may be about to raise."""
        near = self._run >= self._limit - 1 and self._is_counted(self._content)
        return self._is_apart or near

    def learn(self) -> list[Any]:
        """The chunks that the wrapper has kept since the last time."""
        new: list[Any] = self._wrapper.chunks[self._seen :]
        self._seen += len(new)
        for chunk in new:
            content = content_of(chunk)
            self._count(None if content is None else content.encode("utf-8", "surrogatepass"))
        self._see_count(new)
        return new

    def _see_count(self, new: list[Any]) -> None:
        """At a chunk without choices newer versions' count stands still: from then on it is their
        own to do until it begins anew."""
        if getattr(self._wrapper, "_repeated_messages_count", 1) == 1:
            self._is_apart = False
        elif not all(chunk.choices for chunk in new):
            self._is_apart = True

    def repetitions(self) -> int:
        """What the wrapper counts when it sees a chunk: without that chunk itself."""
        if self._run >= 2:
            return self._run - 1 if self._is_counted(self._content) else 1
        return self._run_before

    def sync(self) -> None:
        """Makes the wrapper what it would be had it seen all chunks."""
        if not self._pending:
            return
        for template, text, tokens in self._joined():
            decoded = text.decode()
            self._wrapper.chunks.append(template.chunk(decoded, tokens))
            for kind, name in template.grown:
                getattr(self._owners[ITERATOR], name).append(template.item(kind, decoded))
            template.assign(self._owners, tokens)
        self._seen = len(self._wrapper.chunks)
        items = _items(self._pending)
        contents = [text for template, text, _ in items if template.is_content]
        self._wrapper.response_uptil_now += b"".join(contents).decode()
        self._pending, self._short, self._room = [], 0, _LONG * _PARTS
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

    def _shorten(self) -> None:
        """What is joined at last can be joined now, but for the ends of runs."""
        runs, tail = self._runs(self._short)
        del self._pending[self._short :]
        for template, items in runs:
            for item in items if template.joins == NONE else _shortened(items):
                self._pending += item
        self._short = len(self._pending)
        self._pending += tail
        self._room = len(self._pending) + max(_LONG * _PARTS, len(tail))

    def _runs(self, start: int) -> tuple[list[tuple[Template, list[Pending]]], list[Any]]:
        """What is pending from start on, by template; and the parts that stay as they are."""
        pending = self._pending
        tail = self._run * _PARTS if self._content is not None else 0
        end = max(start, len(pending) - tail)
        runs = groupby(_items(pending[start:end]), key=lambda item: item[0])
        return [(template, list(items)) for template, items in runs], pending[end:]

    def _joined(self) -> Iterator[Pending]:
        runs, tail = self._runs(0)
        for run in runs:
            yield from self._joined_run(*run)
        yield from _items(tail)

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


def _items(parts: list[Any]) -> Iterator[Pending]:
    return zip(*(parts[n::_PARTS] for n in range(_PARTS)), strict=True)


def _shortened(run: list[Pending]) -> list[Pending]:
    """All but the first and the last as one: both may have to stand alone."""
    if len(run) < 4:
        return run
    template, _, tokens = run[-2]
    return [run[0], (template, b"".join(text for _, text, _ in run[1:-1]), tokens), run[-1]]
