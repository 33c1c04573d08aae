"""Whether streams may take the fast path, for the whole process."""

from __future__ import annotations

import logging

DOUBTS = 8  # streams that were given up

_logger = logging.getLogger("litellm_bridge")


class Switch:
    """On, until LiteLLM's internals turn out to be others than those that the fast path knows."""

    def __init__(self) -> None:
        self.on = True
        self._doubts = 0

    def doubt(self, reason: str) -> None:
        """A stream was given up. One may be odd itself; many mean that LiteLLM is another."""
        self._doubts += 1
        if self._doubts >= DOUBTS:
            self.off(reason)

    def off(self, reason: str) -> None:
        """Says so once. Streams go LiteLLM's own way from now on, with the same results."""
        if not self.on:
            return
        self.on = False
        _logger.warning(
            "the fast path for streams is off: %s. Streams work, at LiteLLM's own speed.", reason
        )


switch = Switch()
