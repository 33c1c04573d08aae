"""What the texts of a stream may be, in any format."""

from __future__ import annotations

from typing import Any

WORDS = ["Once ", "upon ", "a ", "time ", "there ", "was ", "a ", "king."]

CONTENTS: dict[str, list[Any]] = {
    "words": WORDS,
    "one": ["only"],
    "two": ["a", "b"],
    "three": ["a", "b", "c"],
    "none": [],
    "long": ["one " * 500, "two " * 17_000, "six " * 3000, "end"],
    "unicode": ["é", "☃", "😀", "日本語", "\u0301combining", "\u200d", "\ufeff", "נ"],
    "line separators": ["a\u2028b", "c\u2029d", "e\u0085f", "g\x0bh", "i\x0cj", "k\x1cl"],
    "json escapes": ['"', "\\", "/", "\b\f\n\r\t", '{"a": "b"}', "\\u0041", "\x7f", "\x00"],
    "backslashes": ["\\", "\\\\", '\\"', '"\\', "\\n", "C:\\"],
    "spaces": [" ", "  ", "\n", "\n\n", "\t", " a", "a "],
    "like the wire": ["data: ", "\n\ndata: {}", "[DONE]", "data: [DONE]", ": x", "event: y"],
    "like the text": ['"content":"x"', '"content": "', "content", "finish_reason", "null"],
    "the model's name": ["gpt-4o-mini", "gpt-4o-mini", "assistant", "stop", "chatcmpl-1"],
    "special tokens": ["<s>", "</s>", "<|im_end|>", "<think>", "</think>", "a"],
    "numbers": ["0", "1e5", "true", "null", "[]", "{}"],
    "same": ["a"] * 12,
    "same, longer": ["abc"] * 12,
    "pairs": ["ab", "ab", "cd", "cd", "abcd", "ab", "cd"],
    "joined like the next": ["abc", "ab", "c", "abc", "a", "bc", "abc", "abc"],
    "empty between": ["a", "", "b", "", "", "c", "", "d", "e", "f"],
    "null between": ["a", None, "b", None, "c", "d", None, "e"],
    "empty at first": ["", "", "", "a", "b", "c", "d"],
    "not a string": ["a", "b", "c", 5, "d", "e"],
    "true": ["a", "b", "c", True, "d"],
    "a list": ["a", "b", "c", ["d"], "e"],
    "an object": ["a", "b", "c", {"text": "d"}, "e"],
}

# Tokens of one text, written in ways that JSON allows, or just not.
TOKENS: dict[str, list[bytes]] = {
    "escaped": [b'"a"', b'"b"', b'"c"', b'"\\u0061\\/\\b"', b'"\\ud83d\\ude00"', b'"f"'],
    "half a pair": [b'"a"', b'"b"', b'"c"', b'"\\ud83d"', b'"d"'],
    "unknown escape": [b'"a"', b'"b"', b'"c"', b'"\\x"', b'"d"'],
    "a raw tab": [b'"a"', b'"b"', b'"c"', b'"\t"', b'"d"'],
    "the key again": [b'"a"', b'"b"', b'"c"', b'"d","KEY":"e"', b'"f","KEY":"g"', b'"h","KEY":"i"'],
    "a number": [b'"a"', b'"b"', b'"c"', b"12", b'"d"'],
    "no UTF-8": [b'"a"', b'"b"', b'"c"', b'"\xff"', b'"d"'],
    "cut": [b'"a"', b'"b"', b'"c"', b'"d', b'"e"'],
}
