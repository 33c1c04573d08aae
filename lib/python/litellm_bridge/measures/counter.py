"""The tokens of ordinary texts, from the file of an encoding (the measure `counting`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from types import FunctionType
from typing import Any

from .fitness import Unfit, require
from .letters import Doubtful, Splitter
from .ranks import Ranks
from .tokenizers import ORDINARY

LONGEST = 200_000  # characters; tiktoken is quicker with pieces that were not seen before
_WORDS = 2048  # pieces whose tokens are kept
_LONGEST_WORD = 64  # characters, of a piece that is kept
_LOADER = "load_tiktoken_bpe"
_SPECIAL = "<|"  # how each special token begins


class Counter:
    """The tokens of ordinary texts."""

    def __init__(self, parts: dict[str, Any], contents: bytes) -> None:
        self._split = Splitter(parts["pat_str"]).split
        special = parts["special_tokens"]
        require(all(token.startswith(_SPECIAL) for token in special), "special tokens begin so")
        self._ranks = Ranks(contents)
        self._word = lru_cache(_WORDS)(self._encode)

    @classmethod
    def of(cls, constructor: Callable[[], Any], folder: str, file: str) -> Counter:
        """constructor: tiktoken's. file: of the encoding, in folder. Unfit: it can't be had."""
        parts, expected = _parts_of(constructor)
        try:
            with open(os.path.join(folder, file), "rb") as source:
                contents = source.read()
        except OSError as exc:
            raise Unfit(f"{file}: {exc}") from exc
        require(sha256(contents).hexdigest() == expected, f"{file} has tiktoken's hash")
        return cls(parts, contents)

    def encode(self, text: str, kwargs: dict[str, Any]) -> list[int] | None:
        """As Encoding.encode does, called so. None: ask tiktoken."""
        if len(text) > LONGEST or not _is_ordinary(text, kwargs):
            return None
        try:
            pieces = self._split(text)
        except Doubtful:
            return None
        tokens: list[int] = []
        for piece in pieces:
            short = len(piece) <= _LONGEST_WORD
            tokens += self._word(piece) if short else self._encode(piece)
        return tokens

    def _encode(self, piece: str) -> tuple[int, ...]:
        return self._ranks.encode(piece.encode())


def _is_ordinary(text: str, kwargs: dict[str, Any]) -> bool:
    """Whether special tokens can't matter."""
    return kwargs == ORDINARY or (not kwargs and _SPECIAL not in text)


def _parts_of(constructor: Callable[[], Any]) -> tuple[dict[str, Any], str]:
    """What it gives but for the tokens, and the hash of their file; it loads nothing."""
    require(type(constructor) is FunctionType, "the constructor is a plain function")
    names = getattr(constructor, "__globals__", {})
    require(_LOADER in names, "it loads the tokens by that name")
    told: list[str] = []

    def load(_address: str, expected_hash: str = "") -> dict[bytes, int]:
        told.append(expected_hash)
        return {}

    code: Any = constructor.__code__
    parts = FunctionType(code, {**names, _LOADER: load})()
    require(len(told) == 1 and not parts["mergeable_ranks"], "it loads one file")
    return parts, told[0]
