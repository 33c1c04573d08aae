"""Gemini's stream, of Google AI Studio and of Vertex AI."""

from __future__ import annotations

from typing import Any

from .base import Fit, Format, fit_of_lines, is_one_of
from .sse import LINE_ODDITY, EventCutter, line_data_at

FORMAT = Format(
    "gemini",
    EventCutter,
    line_data_at,
    oddity=LINE_ODDITY,
    requires=(("chunk_type", "valid_json"),),
)

_READERS = frozenset(
    (
        (
            "litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini",
            "ModelResponseIterator",
        ),
    )
)


def find(stream: Any) -> Fit | None:
    return fit_of_lines(FORMAT, stream) if is_one_of(stream, _READERS) else None
