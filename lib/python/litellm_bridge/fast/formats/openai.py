"""The OpenAI client's stream: OpenAI, Azure, and what LiteLLM serves with that client."""

from __future__ import annotations

from typing import Any

from .base import Fit, Format
from .sse import EventCutter, data_at

FORMAT = Format("openai", EventCutter, data_at)


def find(stream: Any) -> Fit | None:
    from openai import AsyncStream

    return Fit(FORMAT, stream.response, stream) if type(stream) is AsyncStream else None
