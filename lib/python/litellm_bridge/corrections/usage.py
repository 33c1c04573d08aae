"""Usage that LiteLLM 1.78.7 leaves out of what Groq, Mistral, DeepSeek and others send."""

from __future__ import annotations

from contextlib import ExitStack
from types import ModuleType
from typing import Any

from .patches import class_of, wrap

_EMPTY = {"index": 0, "delta": {}}


def install(litellm: ModuleType, undo: ExitStack) -> None:
    module = "litellm.llms.openai.chat.gpt_transformation"
    reader = class_of(module, "OpenAIChatCompletionStreamingHandler")
    wrap(reader, "chunk_parser", _parse, undo)


def _parse(plain: Any, self: Any, chunk: dict[str, Any]) -> Any:
    usage = chunk.get("usage")
    if not isinstance(usage, dict):
        return plain(self, chunk=chunk)
    # What has no choice is thrown away later on, unless the caller asked for usage chunks.
    made = plain(self, chunk={**chunk, "choices": chunk.get("choices") or [_EMPTY]})
    if getattr(made, "usage", None) is None:
        from litellm.types.utils import Usage

        made.usage = Usage(**usage)
    return made
