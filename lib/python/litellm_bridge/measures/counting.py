"""Texts are counted without tiktoken's tables, which take 50 MB for gpt-4o.

LiteLLM counts the tokens of streams whose provider sent no usage, and reads nothing of an
encoding but the tokens of a text. Those are worked out from the encoding's file in an eighth of
the memory (`counter`), in a third of the time that loading takes. The first question of another kind
(decode, special tokens, a character or a text that is out of the ordinary) loads tiktoken's own
tables, as without the measure, and the encoding answers all from them from then on.

Safe: pattern and special tokens are those that tiktoken's constructor of the encoding gives, and
its file must have the hash that is named there. The pattern must be one whose translation was
proved (`letters`). How byte pairs are merged is the definition of an encoding (`ranks`). It rests
on the measure `tokenizers`: without that, all is loaded at the import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import tokenizers


@contextmanager
def slim() -> Iterator[None]:
    """Encodings that tiktoken gives out while it is in force count so."""
    tokenizers.counter = _counter
    try:
        yield
    finally:
        tokenizers.counter = None


def _counter(constructor: Callable[[], Any], folder: str, file: str) -> Any:
    from .counter import Counter  # a start does not wait for it

    return Counter.of(constructor, folder, file)
