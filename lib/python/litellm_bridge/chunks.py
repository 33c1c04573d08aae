"""Chunks of a stream as frames: whole ones, or a template and then only the text."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from . import frames, jsonio

Message = tuple[int, bytes]  # frame type, payload
Path = tuple[Any, ...]  # keys and indexes


def plain(chunk: Any) -> Any:
    """As LiteLLM's proxy sends it."""
    dump = getattr(chunk, "model_dump", None)
    if callable(dump):
        return dump(exclude_none=True, exclude_unset=True)
    if isinstance(chunk, dict):
        return copy.deepcopy(chunk)  # the encoder changes it
    if isinstance(chunk, (bytes, bytearray)):
        return bytes(chunk).decode("utf-8", "backslashreplace")
    return chunk


class ChunkEncoder:
    """Finds out, chunk by chunk, how little has to be sent. Pure.

    Node gets, in every case, exactly the chunk that plain() gives.
    """

    def __init__(self) -> None:
        self._template: Any = None  # the last one sent, with "" for its text
        self._slot = 0
        # Of its values, those that may be equal to one of another type.
        self._scalars: list[tuple[Path, Any]] = []

    def adopt(self, slot: int, template: Any) -> bool:
        """Takes a template as the last one sent. Whether it was already."""
        if self._is_sent(slot, template):
            return True
        self._keep(slot, template)
        return False

    def encode(self, chunk: Any) -> Message:
        """TypeError when the chunk can't be said in JSON."""
        value = plain(chunk)
        found = find_slot(value)
        if found is None:
            return frames.CHUNK, jsonio.dumps(value)
        slot, holder, key = found
        text, holder[key] = holder[key], ""
        if self._is_sent(slot, value) and (data := _utf8(text)) is not None:
            return frames.DELTA, data
        holder[key] = text
        whole = jsonio.dumps(value)
        holder[key] = ""
        self._keep(slot, value)
        return frames.TEMPLATE, frames.template(slot, whole)

    def _keep(self, slot: int, template: Any) -> None:
        self._slot, self._template = slot, template
        self._scalars = list(_scalars(template))

    def _is_sent(self, slot: int, value: Any) -> bool:
        """Whether Node has value already. For Python 1, 1.0 and True are equal, for JSON they are not."""
        if slot != self._slot or value != self._template:
            return False
        for path, scalar in self._scalars:
            found = value
            for step in path:
                found = found[step]
            if found is not scalar and repr(found) != repr(scalar):
                return False
        return True


def _scalars(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What is neither a text nor null nor a container, and where it is."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _scalars(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            yield from _scalars(item, (*path, at))
    elif value is not None and not isinstance(value, str):
        yield path, value


def _utf8(text: str) -> bytes | None:
    """None for half a surrogate pair, which JSON can say and UTF-8 can't."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def find_slot(value: Any) -> tuple[int, dict[str, Any], str] | None:
    """The one text of a chunk that is likely to vary: slot, its holder, its key there."""
    try:
        (choice,) = value["choices"]
        delta = choice["delta"]
    except (KeyError, TypeError, ValueError):
        return None
    if not isinstance(delta, dict):
        return None
    if _is_text(delta, "content"):
        return frames.SLOT_CONTENT, delta, "content"
    if _is_text(delta, "reasoning_content"):
        return frames.SLOT_REASONING, delta, "reasoning_content"
    return _arguments_slot(delta)


def _arguments_slot(delta: dict[str, Any]) -> tuple[int, dict[str, Any], str] | None:
    calls = delta.get("tool_calls")
    if not isinstance(calls, list) or len(calls) != 1 or not isinstance(calls[0], dict):
        return None
    function = calls[0].get("function")
    if isinstance(function, dict) and _is_text(function, "arguments"):
        return frames.SLOT_ARGUMENTS, function, "arguments"
    return None


def _is_text(holder: dict[str, Any], key: str) -> bool:
    value = holder.get(key)
    return isinstance(value, str) and value != ""
