"""LiteLLM's own readers of OpenAI's format: Groq, Mistral, DeepSeek, OpenRouter and others."""

from __future__ import annotations

import re
from typing import Any

from .base import Fit, Format, fit_of_lines, is_one_of
from .sse import LINE_ODDITY, EventCutter, line_data_at

# The word ends the stream wherever it stands.
_ODDITY = re.compile(rb"\[DONE\]|" + LINE_ODDITY.pattern)

FORMAT = Format("openai_lines", EventCutter, line_data_at, oddity=_ODDITY)

_READERS = frozenset(
    (
        ("litellm.llms.openai.chat.gpt_transformation", "OpenAIChatCompletionStreamingHandler"),
        ("litellm.llms.openrouter.chat.transformation", "OpenRouterChatCompletionStreamingHandler"),
    )
)


def find(stream: Any) -> Fit | None:
    return fit_of_lines(FORMAT, stream) if is_one_of(stream, _READERS) else None
