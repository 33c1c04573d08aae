"""`[DONE]` in a text: LiteLLM's readers of lines take any line that holds it for the last one."""

from __future__ import annotations

from contextlib import ExitStack
from types import ModuleType
from typing import Any

from .patches import class_of, wrap

_MARK = "[DONE]"


def install(litellm: ModuleType, undo: ExitStack) -> None:
    reader = class_of("litellm.llms.base_llm.base_model_iterator", "BaseModelResponseIterator")
    wrap(reader, "_handle_string_chunk", _handle, undo)


def _handle(plain: Any, self: Any, str_line: str) -> Any:
    if _MARK in str_line:
        value = self._string_to_dict_parser(str_line=str_line)
        if isinstance(value, dict) and value:
            return self.chunk_parser(chunk=value)
    return plain(self, str_line=str_line)
