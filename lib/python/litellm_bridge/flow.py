"""Credit of one call: how many bytes its consumer is ready for (docs/protocol.md)."""

from __future__ import annotations

import asyncio


class Credit:
    """Counts bytes. One sender waits at a time. Used on the loop's thread only."""

    def __init__(self, window: int) -> None:
        self.left = window  # bytes
        self._waiter: asyncio.Future[None] | None = None

    @property
    def open(self) -> bool:
        """Whether one more frame may go; it may overdraw."""
        return self.left > 0

    def grant(self, more: int) -> None:
        self.left += more
        if self.open and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Returns when a frame may go."""
        while not self.open:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
