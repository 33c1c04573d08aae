"""Texts cut into pieces as tiktoken's patterns do, with Python's own regular expressions.

tiktoken's patterns ask for classes of Unicode characters (`\\p{Lu}`), which `re` lacks. So each
character that is not ASCII gets a stand-in of its class, and the pattern names the stand-ins.
Only characters whose class is beyond doubt have one: it has been the same since Unicode 3.2 (and
the usual emoji). A text with any other is refused.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from .fitness import require

# SHA-256 of the patterns that `_translate` was proved with.
_KNOWN = frozenset((
    "f021c3d976978e62ee64cdad150cc3405c2e3d6e3b40407850bb9e8d9eb65899",  # cl100k_base
    "2d1b8dc11e89af71459b36004f698ab3693f59fd84f63e8ec2b49564ab857420",  # o200k_base
))  # fmt: skip
_OTHER, _MARK = "\u00aa", "\u0300"  # stand-ins of letters without case, and of marks
_CLASSES = {
    r"\p{Lu}": "A-Z",
    r"\p{Lt}": "",
    r"\p{Ll}": "a-z",
    r"\p{Lm}": "",
    r"\p{Lo}": _OTHER,
    r"\p{L}": "A-Za-z" + _OTHER,
    r"\p{M}": _MARK,
    r"\p{N}": "0-9",
    r"\s": r" \t-\r",
}
_ALONE = {r"\S": r"[^ \t-\r]", "$": r"\Z"}
_PARTS = re.compile(r"\[[^\]]*\]|\\p\{\w+\}|\\[sS]|\$")  # sets, and classes outside of a set
_SPACES = frozenset("\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(code) for code in range(0x2000, 0x200B)
}
_EMOJI = (range(0x1F300, 0x1F650), range(0x1F680, 0x1F6C6), range(0x1F910, 0x1F93F))
_STAND_INS = {"Lu": "A", "Lt": "A", "Ll": "a", "Lm": _OTHER, "Lo": _OTHER}
_BY_FIRST = {"M": _MARK, "N": "0", "P": "!", "S": "!", "C": "!", "Z": "!"}
_LONG_S = 0x17F  # to a pattern without case it is an s
_KEPT = 4096  # characters


class Doubtful(ValueError):
    """A text with a character whose class may depend on the version of Unicode."""


class Splitter:
    """For one of the known patterns (Unfit: it is another)."""

    def __init__(self, pattern: str) -> None:
        known = sha256(pattern.encode()).hexdigest() in _KNOWN
        require(known, "the pattern is one whose translation was proved")
        self._find = re.compile(_translate(pattern))
        self._stand_ins = _StandIns()

    def split(self, text: str) -> list[str]:
        """Doubtful: it can't be told how tiktoken would do it."""
        if text.isascii():
            return self._find.findall(text)
        shadow = text.translate(self._stand_ins)
        return [text[match.start() : match.end()] for match in self._find.finditer(shadow)]


def _translate(pattern: str) -> str:
    return _PARTS.sub(lambda part: _ALONE.get(part[0]) or _translate_set(part[0]), pattern)


def _translate_set(part: str) -> str:
    translated = part
    for theirs, ours in _CLASSES.items():
        translated = translated.replace(theirs, ours)
    return translated if part.startswith("[") else f"[{translated}]"


class _StandIns(dict[int, str]):
    def __missing__(self, code: int) -> str:
        if len(self) >= _KEPT:
            self.clear()
        made = self[code] = chr(code) if code < 0x80 else _stand_in(code)
        return made


def _stand_in(code: int) -> str:
    character = chr(code)
    category = unicodedata.category(character)
    old = unicodedata.ucd_3_2_0.category(character)
    is_emoji = category == "So" and any(code in emoji for emoji in _EMOJI)
    if code == _LONG_S or category in ("Cn", "Cs") or (category != old and not is_emoji):
        raise Doubtful(f"U+{code:04X}")
    if character in _SPACES:
        return "\t"
    return _STAND_INS.get(category) or _BY_FIRST[category[0]]
