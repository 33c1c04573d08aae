"""Fairness between the calls of one loop."""

from __future__ import annotations

import asyncio
import time

TURN_S = 0.002  # a stream whose bytes are all there yields the loop to others this often


class Turn:
    """Lets the loop serve others when one stream has had it for TURN_S."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    async def share(self) -> None:
        if time.monotonic() - self._began > TURN_S:
            await asyncio.sleep(0)
            self._began = time.monotonic()
