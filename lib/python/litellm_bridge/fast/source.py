"""The bytes of a response, as the provider sent them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any


def read(response: Any) -> AsyncGenerator[bytes, None]:
    """Like response.aiter_bytes(), which is another's by now, and cheaper where nothing has to be
    decompressed. Errors are httpx's; at the end the connection is given back."""
    kind = type(response)
    encoding = response.headers.get("content-encoding", "identity")
    plain = encoding.strip().lower() in ("", "identity")
    data: AsyncGenerator[bytes, None] = (kind.aiter_raw if plain else kind.aiter_bytes)(response)
    return data
