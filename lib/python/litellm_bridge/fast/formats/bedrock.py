"""Bedrock's streams: Converse's events, and those of InvokeModel with a model's own JSON inside.

LiteLLM's generator holds `response.aiter_bytes(…)`, made but not begun, so that another way to
the bytes comes too late for it: its decoder is given ours in a generator anew. The older of its
versions read 1024 bytes at a time, and so do we for them (corrections/ has a word on that).
"""

from __future__ import annotations

import dataclasses
import re
from binascii import Error, a2b_base64
from functools import lru_cache
from typing import Any, Final

from ...generators import locals_of
from .base import Fit, Format
from .eventstream import MessageCutter, read, strings
from .sse import JSON_PIECE

_CHUNK: Final = "chunk"  # the event of InvokeModel's
# All of its payload: the model's JSON, and padding against traffic analysis that nobody reads.
_INNER: Final = re.compile(rb'\{"bytes":"([A-Za-z0-9+/]*={0,2})"(?:,"p":"[A-Za-z0-9]*")?\}')


@lru_cache(64)
def _head(headers: bytes) -> tuple[bytes, bool] | None:
    """What a view begins with, and whether the model's JSON is inside. None: not a plain event."""
    found = strings(headers)
    if found is None or found.get(":message-type") != "event":
        return None
    return headers.hex().encode() + b"\n", found.get(":event-type") == _CHUNK


def view(message: bytes) -> bytes | None:
    """A line with the headers, and the JSON that LiteLLM makes a chunk of."""
    found = read(message)
    head = None if found is None else _head(found.headers)
    if found is None or head is None:
        return None
    line, is_chunk = head
    if not is_chunk:
        return line + found.payload
    match = _INNER.fullmatch(found.payload)
    try:
        return None if match is None else line + a2b_base64(match[1], strict_mode=True)
    except Error:
        return None


def json_at(view: bytes) -> int:
    at = view.index(b"\n") + 1
    return at if view.startswith(b"{", at) else -1


def _format(name: str, oddity: re.Pattern[bytes] | None = None) -> Format:
    return Format(
        name,
        MessageCutter,
        json_at,
        view=view,
        is_odd=None if oddity is None else oddity.search,
        grows=frozenset(("content_blocks", "reasoning_content_chunks")),
        requires=(("chunk_type", "valid_json"),),
    )


_MODULE: Final = "litellm.llms.bedrock.chat.invoke_handler"
# LiteLLM's decoders, and where each has its state: "" in itself.
_DECODERS: Final = {
    "AWSEventStreamDecoder": (_format("bedrock"), ""),
    "AmazonAnthropicClaudeStreamDecoder": (
        _format("bedrock anthropic"),
        "anthropic_model_response_iterator",
    ),
    # It looks into the text for the end of the thoughts, which may be written with escapes, too.
    "AmazonDeepSeekR1StreamDecoder": (
        _format("bedrock deepseek", re.compile(rb"</think>|\\[u/]")),
        "deepseek_model_response_iterator",
    ),
}


def find(stream: Any) -> Fit | None:
    known = locals_of(stream, "aiter_bytes")
    decoder: Any = known.get("self")
    name = type(decoder).__qualname__
    if type(decoder).__module__ != _MODULE or name not in _DECODERS:
        return None
    source = locals_of(known.get("iterator"), "aiter_bytes")
    if (
        "event_stream_buffer" in known or "self" not in source or "decoder" in source
    ):  # something else, or begun
        return None
    form, place = _DECODERS[name]
    state = getattr(decoder, place) if place else decoder
    if getattr(state, "json_mode", False):
        form = dataclasses.replace(form, is_odd=JSON_PIECE.search)

    def attach(wrapper: Any, data: Any) -> None:
        wrapper.completion_stream = decoder.aiter_bytes(data)

    return Fit(form, source["self"], state, attach, source.get("chunk_size"))
