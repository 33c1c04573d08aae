"""Cohere's stream: a JSON object a line."""

from __future__ import annotations

from typing import Any

from .base import Fit, Format, fit_of_lines, is_one_of
from .lines import ODDITY, LineCutter, json_at

FORMAT = Format("cohere", LineCutter, json_at, is_odd=ODDITY.search)

_READERS = frozenset(
    (
        ("litellm.llms.cohere.common_utils", "ModelResponseIterator"),
        ("litellm.llms.cohere.common_utils", "CohereV2ModelResponseIterator"),  # since 1.103.7
    )
)


def find(stream: Any) -> Fit | None:
    return fit_of_lines(FORMAT, stream) if is_one_of(stream, _READERS) else None
