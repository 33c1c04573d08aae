"""What a measure says when it must stay out."""

from __future__ import annotations

import logging

_logger = logging.getLogger("litellm_bridge")


class Unfit(Exception):
    """What the measure relies on is not so here; the text says what."""


def require(fact: object, what: str) -> None:
    """Unfit unless fact holds. what: a sentence that is true then."""
    if not fact:
        raise Unfit(f"it is not so that {what}")
