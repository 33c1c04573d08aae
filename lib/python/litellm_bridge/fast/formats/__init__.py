"""The wire formats that streams come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import anthropic, bedrock, cohere, gemini, ollama, openai, openai_lines
from .base import Cutter, Fit, Format

_FINDERS: tuple[Callable[[Any], Fit | None], ...] = (
    openai.find,
    openai_lines.find,
    anthropic.find,
    bedrock.find,
    gemini.find,
    cohere.find,
    ollama.find,
)


def find(stream: Any) -> Fit | None:
    """stream: what a wrapper of LiteLLM's iterates over."""
    for finder in _FINDERS:
        fit = finder(stream)
        if fit is not None:
            return fit
    return None


__all__ = ["Cutter", "Fit", "Format", "find"]
