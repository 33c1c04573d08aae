"""The OpenAI client's stream: OpenAI, Azure, and what LiteLLM serves with that client."""

from __future__ import annotations

from typing import Any

from .base import Fit, Format, is_one_of
from .sse import EventCutter, data_at

FORMAT = Format("openai", EventCutter, data_at)

_READERS = frozenset((("openai", "AsyncStream"),))


def find(stream: Any) -> Fit | None:
    return Fit(FORMAT, stream.response, stream) if is_one_of(stream, _READERS) else None
