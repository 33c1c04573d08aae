"""The places where LiteLLM itself loses data, mended. docs/differences.md lists them.

Each module changes LiteLLM's own classes: what the fast path learns from is right then, and so
are LiteLLM's own way, the Router, and what an application's callbacks ask LiteLLM for. Where a
LiteLLM has no such class, or has mended the place itself, nothing is changed.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import ModuleType

from . import done, opened, refusals, usage


def install(litellm: ModuleType) -> ExitStack:
    """To be called before anything else wraps LiteLLM's stream wrapper. close() undoes it."""
    undo = ExitStack()
    for correction in (done, usage, refusals, opened):
        correction.install(litellm, undo)
    return undo


__all__ = ["install"]
