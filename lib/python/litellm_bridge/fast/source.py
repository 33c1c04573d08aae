"""The bytes of a response, as the provider sent them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

from .tap import Tap, tap_of


class Source:
    """Reads one response to its end. Used in the task of its call.

    take_now(piece) is called from the transport's data callback where that is possible: it must
    not raise, and says whether it could do all of the piece at once. Only if not, or at the end,
    the task that waits in read() is woken.
    """

    def __init__(
        self, response: Any, take_now: Callable[[bytes], bool], chunk_size: int | None = None
    ) -> None:
        """chunk_size: of the pieces, in bytes; less is held back till the end. None: as it comes."""
        self._response = response
        self._take_now = take_now
        self._plain = not _is_encoded(response)
        self._data = _pieces(response, self._plain, chunk_size)
        self._may_tap = self._plain and chunk_size is None
        self._tap: Tap | None = None
        self._begun = False

    async def read(self) -> bytes | None:
        """The next piece; b"" where take_now left some of one undone; None at the end, when the
        connection was given back. Raises what httpx raises."""
        if self._tap is not None:
            piece = await self._tap.read()
            if piece is not None:
                return piece
            self.leave_callback()  # how it ended is told by LiteLLM's own reader
        try:
            piece = await anext(self._data)
        except StopAsyncIteration:
            return None
        if not self._begun and self._may_tap:
            self._tap = tap_of(self._response, self._take_now)
        self._begun = True
        return piece

    def leave_callback(self) -> None:
        """From now on every piece goes through the task."""
        if self._tap is not None:
            self._tap.close()
            self._tap = None

    async def close(self) -> None:
        """Lets go of the response, wherever its reading is."""
        self.leave_callback()
        await self._data.aclose()


def _pieces(response: Any, plain: bool, chunk_size: int | None) -> AsyncGenerator[bytes, None]:
    """Like response.aiter_bytes(), which is another's by now, and cheaper where nothing has to be
    decompressed. Errors are httpx's; at the end the connection is given back."""
    kind = type(response)
    way = kind.aiter_raw if plain else kind.aiter_bytes
    data: AsyncGenerator[bytes, None] = way(response, chunk_size)
    return data


def _is_encoded(response: Any) -> bool:
    encoding = response.headers.get("content-encoding", "identity")
    return encoding.strip().lower() not in ("", "identity")
