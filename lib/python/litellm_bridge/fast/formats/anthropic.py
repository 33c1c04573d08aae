"""Anthropic's messages, as LiteLLM reads them line by line."""

from __future__ import annotations

from typing import Any

from .base import Fit, Format, fit_of_lines, is_one_of
from .sse import LINE_ODDITY, EventCutter, line_data_at

FORMAT = Format(
    "anthropic",
    EventCutter,
    line_data_at,
    oddity=LINE_ODDITY,
    grows=frozenset(("content_blocks", "reasoning_content_chunks")),
    requires=(("chunk_type", "valid_json"),),
)

_READERS = frozenset((("litellm.llms.anthropic.chat.handler", "ModelResponseIterator"),))


def find(stream: Any) -> Fit | None:
    return fit_of_lines(FORMAT, stream) if is_one_of(stream, _READERS) else None
