"""Where in the bytes of an event its text is. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..chunks import find_slot
from .strings import text_of

_MARK = "\ue000text\ue000"
_TOKEN = rb'"%s"[ ]?:[ ]?("(?:[^"\\\x00-\x1f]|\\.)*")'
# Random strings that providers add against traffic analysis; LiteLLM copies unknown keys through.
PADS = ("obfuscation", "p")
# A delta's other texts: were one of them there too, joining chunks would lose its repetitions.
_ARGUMENTS_KEYS = {"index", "type", "function"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """Events of one kind: equal bytes around the text (and around the padding, if there is any)."""

    head: bytes
    middle: bytes  # between text and padding; empty without padding
    tail: bytes

    def read(self, event: bytes) -> tuple[bytes, bytes] | None:
        """The tokens (JSON strings) of text and padding; None: another kind of event.

        That both are whole JSON strings is not checked here.
        """
        head, tail = self.head, self.tail
        if not event.startswith(head) or not event.endswith(tail):
            return None
        token = event[len(head) : len(event) - len(tail)]
        if not self.middle:
            return token, b""
        text, found, pad = token.rpartition(self.middle)
        return (text, pad) if found else None


@dataclass(frozen=True, slots=True)
class Anatomy:
    pattern: Pattern
    slot: int
    text: str
    pad_key: str  # "" without padding
    pad: str


def dissect(event: bytes, at: int) -> Anatomy | None:
    """at: where its JSON begins, or -1. None: no text that stands alone, or no JSON."""
    if at < 0:
        return None
    line = event[at:].split(b"\r")[0].split(b"\n")[0]
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = find_slot(value)
    if found is None or not _stands_alone(value):
        return None
    slot, holder, key = found
    text = holder[key]
    holder[key] = _MARK
    span = _span(line, key, value)
    if span is None or not text:
        return None
    pattern = Pattern(event[: at + span[0]], b"", event[at + span[1] :])
    return _with_padding(Anatomy(pattern, slot, text, "", ""), value)


def _stands_alone(value: dict[str, Any]) -> bool:
    """Whether LiteLLM could be given one chunk with the texts of several such events joined."""
    (choice,) = value["choices"]
    delta = choice["delta"]
    if value.get("usage") or choice.get("finish_reason") or choice.get("logprobs"):
        return False
    filled = {key for key, item in delta.items() if item and key != "role"}
    if filled == {"tool_calls"}:
        (call,) = delta["tool_calls"]
        function = {key for key, item in call["function"].items() if item}
        return function == {"arguments"} and {k for k, v in call.items() if v} <= _ARGUMENTS_KEYS
    return filled in ({"content"}, {"reasoning_content"})


def _span(line: bytes, key: str, expected: Any) -> tuple[int, int] | None:
    """Where the string of key is: put in another one there, and the JSON says expected."""
    mark = json.dumps(_MARK).encode()
    for match in re.finditer(_TOKEN % key.encode(), line):
        start, end = match.span(1)
        try:
            if json.loads(line[:start] + mark + line[end:]) == expected:
                return start, end
        except ValueError:
            continue
    return None


def _with_padding(found: Anatomy, value: dict[str, Any]) -> Anatomy | None:
    """Padding must come after the text, as OpenAI sends it."""
    keys = [key for key in PADS if isinstance(value.get(key), str)]
    if not keys:
        return found
    tail = found.pattern.tail
    matches = list(re.finditer(_TOKEN % keys[0].encode(), tail))
    pad = value[keys[0]]
    if len(keys) > 1 or len(matches) != 1 or text_of(matches[0][1]) != pad.encode():
        return None
    start, end = matches[0].span(1)
    pattern = Pattern(found.pattern.head, tail[:start], tail[end:])
    return Anatomy(pattern, found.slot, found.text, keys[0], pad)
