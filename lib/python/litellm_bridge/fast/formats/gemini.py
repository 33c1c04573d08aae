"""Gemini's stream, of Google AI Studio and of Vertex AI."""

from __future__ import annotations

import re
from typing import Any

from .base import Fit, Format, fit_of_lines, is_one_of
from .sse import LINE_END, EventCutter, line_data_at


def _end_at_the_end(iterator: Any) -> None:
    """LiteLLM 1.78.7 asks for ever whether what it has of a first event that was cut is whole, and
    blocks the process. Newer versions let it go, as is done here."""
    if not isinstance(vars(iterator).get("accumulated_json"), str):
        return
    handle = iterator.handle_accumulated_json_chunk

    def handle_once(chunk: str) -> Any:
        made = handle(chunk=chunk)
        if made is None and not chunk:
            iterator.accumulated_json = ""
        return made

    iterator.handle_accumulated_json_chunk = handle_once


# A text that is an audio file's URL becomes one, however it is escaped.
_ODDITY = re.compile(rb"data:audio|\\u00[67]|\\u003[aA]|" + LINE_END)

FORMAT = Format(
    "gemini",
    EventCutter,
    line_data_at,
    is_odd=_ODDITY.search,
    prepare=_end_at_the_end,
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
