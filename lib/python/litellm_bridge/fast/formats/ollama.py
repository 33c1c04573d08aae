"""Ollama's streams of chats and of generated text: a JSON object a line."""

from __future__ import annotations

import re
from typing import Any

from .base import Fit, Format, fit_of_lines, is_one_of
from .lines import ODDITY, LineCutter, json_at

# LiteLLM takes what is between two such words for reasoning, and [DONE] for a chat's end; arguments
# that are text, and not an object, it looks into.
_ODDITY = re.compile(rb'think>|\[DONE\]|\\u|"arguments"[ \t]*:[ \t]*"|' + ODDITY.pattern)

FORMAT = Format("ollama", LineCutter, json_at, is_odd=_ODDITY.search)

_READERS = frozenset(
    (
        ("litellm.llms.ollama.chat.transformation", "OllamaChatCompletionResponseIterator"),
        ("litellm.llms.ollama.completion.transformation", "OllamaTextCompletionResponseIterator"),
    )
)


def find(stream: Any) -> Fit | None:
    return fit_of_lines(FORMAT, stream) if is_one_of(stream, _READERS) else None
