"""Which call is being worked on, seen from wherever its code runs (tasks and threads)."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .calls import Call

current_call: ContextVar[Call | None] = ContextVar("litellm_bridge_call", default=None)
