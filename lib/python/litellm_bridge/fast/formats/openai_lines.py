"""LiteLLM's own readers of OpenAI's format: Groq, Mistral, DeepSeek, OpenRouter and others."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from .base import Fit, Format, fit_of_lines, is_one_of
from .sse import LINE_END, EventCutter, line_data_at

# The word ends the stream wherever it stands.
_ODDITY = re.compile(rb"\[DONE\]|" + LINE_END)

FORMAT = Format("openai_lines", EventCutter, line_data_at, is_odd=_ODDITY.search)

_USAGE = re.compile(rb'"usage"[ \t]*:[ \t]*\{')


def _is_odd_of_xai(view: bytes) -> object:
    """What LiteLLM makes of the counters depends on how they add up."""
    return _ODDITY.search(view) or _USAGE.search(view)


_XAI = dataclasses.replace(FORMAT, is_odd=_is_odd_of_xai)

_READERS = frozenset(
    (
        ("litellm.llms.openai.chat.gpt_transformation", "OpenAIChatCompletionStreamingHandler"),
        ("litellm.llms.openrouter.chat.transformation", "OpenRouterChatCompletionStreamingHandler"),
    )
)


_XAI_READERS = frozenset(
    (("litellm.llms.xai.chat.transformation", "XAIChatCompletionStreamingHandler"),)
)


def find(stream: Any) -> Fit | None:
    if not is_one_of(stream, _READERS):
        return None
    return fit_of_lines(_XAI if is_one_of(stream, _XAI_READERS) else FORMAT, stream)
