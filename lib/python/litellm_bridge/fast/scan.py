"""What may vary in an event: its texts, names, times and counters. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from .strings import text_of

# Kinds of tokens. Any other value of the JSON is part of what kind of event it is.
TEXT: Final = "text"  # a string that is not empty
PAD: Final = "pad"  # a random string that providers add against traffic analysis
NAME: Final = "name"  # an id, or a model's name: printable, without white space
TIME: Final = "time"
COUNT: Final = "count"  # an integer above zero

_KEYS: Final = {
    TEXT: frozenset(
        (
            b"content", b"text", b"reasoning_content", b"reasoning", b"thinking", b"arguments",
            b"partial_json", b"response", b"input", b"outputText", b"generation",
        )
    ),
    PAD: frozenset((b"obfuscation", b"p")),
    NAME: frozenset(
        (b"id", b"model", b"system_fingerprint", b"responseId", b"modelVersion", b"generation_id")
    ),
    TIME: frozenset((b"created_at",)),
}  # fmt: skip
_COUNTER = re.compile(rb"created|.*(count|tokens|duration|latency)\w*", re.I)
# Without "@", from which on LiteLLM cuts a version off.
_NAME = re.compile(rb'"[\x21\x23-\x3f\x41-\x5b\x5d-\x7e]+"')
_TIME = re.compile(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)"')
_INTEGER = re.compile(rb"[1-9][0-9]{0,14}")
_VALUE = re.compile(
    rb'(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*+")(?P<key>[ \t]*+:)?|(?P<number>-?[0-9][0-9.eE+-]*)'
)
_LONGEST = 64 * 1024  # bytes; what is longer is left to LiteLLM
_MOST = 24  # tokens
_NESTED = 200  # objects and lists, above which copies may go too deep


def may_be_text(key: str) -> bool:
    """Whether texts stand under a key; "": a string that is a list's own item."""
    return not key or key.encode() in _KEYS[TEXT]


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    raw: bytes
    value: str | int


@dataclass(frozen=True)
class Scan:
    """An event, taken apart: pieces[0] tokens[0] pieces[1] … pieces[-1]."""

    pieces: tuple[bytes, ...]
    tokens: tuple[Token, ...]
    json: slice  # where its JSON is: from, and to (counted from the end)
    value: dict[str, Any]  # of the JSON

    @cached_property
    def key(self) -> tuple[Any, ...]:
        return self.pieces, tuple(token.kind for token in self.tokens)

    def value_with(self, number: int, text: str) -> Any:
        """The JSON with another string for one token."""
        raws = [token.raw for token in self.tokens]
        raws[number] = json.dumps(text).encode()
        parts = [self.pieces[0]]
        for raw, piece in zip(raws, self.pieces[1:], strict=True):
            parts += [raw, piece]
        return json.loads(b"".join(parts)[self.json])


def scan(view: bytes, at: int) -> Scan | None:
    """at: where its JSON begins, or -1. None: it is not one JSON object in one line."""
    if at < 0 or len(view) > _LONGEST:
        return None
    line = view[at:].splitlines()[0] if at < len(view) else b""
    if line.count(b"{") + line.count(b"[") > _NESTED:
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return _taken_apart(view, at, at + len(line), value) if type(value) is dict else None


def _taken_apart(view: bytes, at: int, end: int, value: Any) -> Scan | None:
    pieces, tokens, key, done = [], [], b"", 0
    for match in _VALUE.finditer(view, at, end):
        if match["key"] is not None:
            key = match["string"][1:-1]
            continue
        raw = match["string"] or match["number"]
        token = _string(key, raw) if match["string"] is not None else _number(key, raw)
        if token is not None:
            pieces.append(view[done : match.start()])
            tokens.append(token)
            done = match.start() + len(raw)
    if len(tokens) > _MOST:
        return None
    return Scan((*pieces, view[done:]), tuple(tokens), slice(at, end - len(view) or None), value)


def _string(key: bytes, raw: bytes) -> Token | None:
    if key in _KEYS[TEXT] or key in _KEYS[PAD]:
        text = text_of(raw)
        kind = TEXT if key in _KEYS[TEXT] else PAD
        return None if text is None else Token(kind, raw, text.decode())
    if key in _KEYS[NAME] and _NAME.fullmatch(raw):
        return Token(NAME, raw, raw[1:-1].decode())
    if key in _KEYS[TIME] and _TIME.fullmatch(raw):
        return Token(TIME, raw, raw[1:-1].decode())
    return None


def _number(key: bytes, raw: bytes) -> Token | None:
    counts = _INTEGER.fullmatch(raw) and _COUNTER.fullmatch(key)
    return Token(COUNT, raw, int(raw)) if counts else None
