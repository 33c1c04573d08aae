"""LiteLLM's own reader of OpenAI's format: Groq, Mistral, DeepSeek and others."""

from __future__ import annotations

import re
from typing import Any

from .base import Fit, Format, response_of_lines
from .sse import EventCutter, data_at

# Where lines are read, these characters end one (httpx splits text as str.splitlines does), and
# the word ends the stream wherever it stands.
_ODDITY = re.compile(rb"\[DONE\]|\xc2\x85|\xe2\x80[\xa8\xa9]")

FORMAT = Format("openai_lines", EventCutter, data_at, oddity=_ODDITY)


def find(stream: Any) -> Fit | None:
    from litellm.llms.openai.chat.gpt_transformation import OpenAIChatCompletionStreamingHandler

    if type(stream) is not OpenAIChatCompletionStreamingHandler:
        return None
    response = response_of_lines(stream.streaming_response)
    return None if response is None else Fit(FORMAT, response, stream)
