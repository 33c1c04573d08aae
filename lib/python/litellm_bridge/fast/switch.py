"""Whether streams may take the fast path, for the whole process."""

from __future__ import annotations

import logging

_logger = logging.getLogger("litellm_bridge")


class Switch:
    """On, until LiteLLM's internals turn out to be others than those that the fast path knows."""

    def __init__(self) -> None:
        self.on = True

    def off(self, reason: str) -> None:
        """Says so once. Streams go LiteLLM's own way from now on, with the same results."""
        if not self.on:
            return
        self.on = False
        _logger.warning(
            "the fast path for streams is off: %s. Streams work, at LiteLLM's own speed.", reason
        )


switch = Switch()
