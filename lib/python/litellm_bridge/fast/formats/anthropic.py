"""Anthropic's messages, as LiteLLM reads them line by line."""

from __future__ import annotations

import dataclasses
from typing import Any

from .base import Fit, Format, fit_of_lines, is_one_of
from .sse import JSON_PIECE, LINE_ODDITY, EventCutter, line_data_at

FORMAT = Format(
    "anthropic",
    EventCutter,
    line_data_at,
    is_odd=LINE_ODDITY.search,
    grows=frozenset(("content_blocks", "reasoning_content_chunks")),
    requires=(("chunk_type", "valid_json"),),
)


def _is_odd_in_json_mode(view: bytes) -> object:
    return LINE_ODDITY.search(view) or JSON_PIECE.search(view)


_JSON_MODE = dataclasses.replace(FORMAT, is_odd=_is_odd_in_json_mode)

_READERS = frozenset((("litellm.llms.anthropic.chat.handler", "ModelResponseIterator"),))


def find(stream: Any) -> Fit | None:
    if not is_one_of(stream, _READERS):
        return None
    return fit_of_lines(_JSON_MODE if stream.json_mode else FORMAT, stream)
