"""Whole results: the body as LiteLLM's proxy would send it."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import frames, jsonio
from .accounts import Meta, whole_meta
from .calls import Call


class Result(NamedTuple):
    meta: Meta
    body: bytes
    flags: int  # frames.BINARY or 0


async def result_of(call: Call, value: Any) -> Result:
    """TypeError, naming the function, when the value can't be said in JSON."""
    content = await binary_content(value)
    if content is not None:
        return Result(whole_meta(call, value), content, frames.BINARY)
    try:
        return Result(whole_meta(call, value), jsonio.dumps(plain(call.name, value)), 0)
    except (TypeError, RecursionError) as exc:
        raise TypeError(f"the result of {call.name} {exc}") from exc


async def binary_content(value: Any) -> bytes | None:
    """The bytes of a binary response (speech, file content); None for anything else."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if hasattr(value, "model_dump") or not hasattr(value, "content"):
        return None
    read = getattr(value, "aread", None)
    return bytes(await read() if callable(read) else value.content)


def plain(function: str, value: Any) -> Any:
    """Its chat endpoint leaves out what is unset or null; its other endpoints do not."""
    dump = getattr(value, "model_dump", None)
    if not callable(dump):
        # A tokenizer of Hugging Face gives an object that holds the ids.
        return getattr(value, "ids", value)
    compact = function == "completion"
    return dump(exclude_none=compact, exclude_unset=compact)
