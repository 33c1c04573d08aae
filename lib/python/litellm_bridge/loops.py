"""The worker's event loop: uvloop's where it is installed, with one thing mended.

uvloop (0.22.1, `Loop.create_connection`) takes the descriptor of a socket that it is given, and
closes it when it is cancelled before the connection is made; the socket object knows nothing of
that, and closes the same number once more when it goes. By then it may be another connection's,
which is lost, or the loop aborts the process. aiohttp gives its sockets in that way, and whoever
leaves a call while it connects cancels it.
"""

from __future__ import annotations

import asyncio
from typing import Any


def new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = _mended(uvloop.Loop)()
    return loop


def _mended(plain: Any) -> Any:
    class Loop(plain):  # type: ignore[misc]
        async def create_connection(self, *args: Any, sock: Any = None, **kwargs: Any) -> Any:
            if sock is None:
                return await plain.create_connection(self, *args, **kwargs)
            try:
                return await plain.create_connection(self, *args, sock=sock, **kwargs)
            except asyncio.CancelledError:
                sock.detach()  # it is closed: before the first await nothing is cancelled
                raise

    return Loop
