"""Measures that make the import of litellm cheaper, one module each, and nothing else of it.

Each module has a context manager that is in force during the import.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from . import collector

MEASURES = (collector.paused,)


@contextmanager
def applied() -> Iterator[None]:
    """Every measure in force."""
    with ExitStack() as stack:
        for measure in MEASURES:
            stack.enter_context(measure())
        yield
