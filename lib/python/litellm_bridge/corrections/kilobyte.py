"""Bedrock's first kilobyte: LiteLLM 1.78.7 reads 1024 bytes at a time, and holds back what is less
until there is more. A short answer comes at its end then; what was held back of a stream whose
connection is lost never comes."""

from __future__ import annotations

from typing import Any

from ..generators import locals_of


def mended(stream: Any) -> Any:
    """A stream of Bedrock's that nobody has begun to read, reading what has come."""
    known = locals_of(stream, "aiter_bytes")
    source = locals_of(known.get("iterator"), "aiter_bytes")
    begun = "event_stream_buffer" in known or "decoder" in source
    if begun or source.get("chunk_size") is None or "self" not in known:
        return stream
    return known["self"].aiter_bytes(source["self"].aiter_bytes())
