"""Refusals: LiteLLM drops a chunk whose delta holds nothing else."""

from __future__ import annotations

from contextlib import ExitStack
from types import ModuleType
from typing import Any

from .patches import wrap


def install(litellm: ModuleType, undo: ExitStack) -> None:
    wrapper = getattr(litellm, "CustomStreamWrapper", None)
    wrap(wrapper, "is_chunk_non_empty", _is_chunk_non_empty, undo)


def _is_chunk_non_empty(
    plain: Any, self: Any, completion_obj: Any, model_response: Any, response_obj: Any
) -> bool:
    known = plain(self, completion_obj, model_response, response_obj)
    return bool(known) or _refuses(response_obj.get("original_chunk"))


def _refuses(chunk: Any) -> bool:
    choices = getattr(chunk, "choices", None) or []
    return any(getattr(getattr(choice, "delta", None), "refusal", None) for choice in choices)
