"""Wraps methods of LiteLLM's classes."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any


def class_of(module: str, name: str) -> Any:
    """None: this LiteLLM has no such class."""
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


def wrap(owner: Any, name: str, around: Callable[..., Any], undo: ExitStack) -> None:
    """Makes a class's own method `around`, whose first argument is the method as it was."""
    plain = None if owner is None else vars(owner).get(name)
    if plain is None:
        return

    @functools.wraps(plain)
    def method(*args: Any, **kwargs: Any) -> Any:
        return around(plain, *args, **kwargs)

    setattr(owner, name, method)
    undo.callback(setattr, owner, name, plain)
