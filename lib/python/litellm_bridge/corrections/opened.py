"""Streams that LiteLLM has just opened: how it will read their bytes."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from . import kilobyte, lines
from .patches import wrap


def install(litellm: ModuleType, undo: ExitStack) -> None:
    wrap(getattr(litellm, "CustomStreamWrapper", None), "__init__", _init, undo)


def _init(plain: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    plain(self, *args, **kwargs)
    self.completion_stream = _mended(self.completion_stream)
    if callable(getattr(self, "make_call", None)):
        self.make_call = _mending(self.make_call)


def _mending(make_call: Any) -> Any:
    """For the streams that are opened with the first chunk."""

    def request(*args: Any, **kwargs: Any) -> Any:
        made = make_call(*args, **kwargs)
        return _later(made) if inspect.isawaitable(made) else made

    return request


async def _later(made: Awaitable[Any]) -> Any:
    return _mended(await made)


def _mended(stream: Any) -> Any:
    lines.mend(stream)
    return kilobyte.mended(stream)
