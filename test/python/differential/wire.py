"""Streams of any format, put together from events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from contents import CONTENTS, TOKENS

Stream = bytes
Streams = dict[str, Stream]
DONE = b"data: [DONE]\n\n"
_MARK = "MARK"


def dumps(value: Any, **options: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, **options).encode("utf-8", "surrogatepass")


def event(value: Any, name: str = "", **options: Any) -> bytes:
    """One server-sent event."""
    head = b"event: " + name.encode() + b"\n" if name else b""
    return head + b"data: " + dumps(value, **options) + b"\n\n"


def line(value: Any, **options: Any) -> bytes:
    return dumps(value, **options) + b"\n"


def contents(whole: Callable[[list[Any]], Stream]) -> Streams:
    """whole: a stream of these texts."""
    return {f"contents: {name}": whole(texts) for name, texts in CONTENTS.items()}


def tokens(whole: Callable[[list[Any]], Stream], key: str) -> Streams:
    """key: that of the text."""
    made = {}
    for name, parts in TOKENS.items():
        stream = whole([_MARK] * len(parts))
        for part in parts:
            stream = stream.replace(b'"MARK"', part.replace(b"KEY", key.encode()), 1)
        made[f"tokens: {name}"] = stream
    return made


def repeated(whole: Callable[[list[Any]], Stream]) -> Streams:
    """LiteLLM ends a stream that repeats itself a hundred times."""
    say = ["say ", "it ", "again: "]
    return {
        f"repeated: {times}": whole([*say, *["abc"] * times, "x", "y"])
        for times in (98, 99, 100, 150)
    } | {"repeated: short": whole([*say, *["ab"] * 120, "x"])}


def lines(stream: Stream) -> Streams:
    """How the lines of server-sent events may be written."""
    events = stream.split(b"\n\n")[:-1]
    half = len(events) // 2

    def among(extra: bytes, each: bool = False) -> Stream:
        parts = [part + b"\n\n" for part in events]
        if each:
            return b"".join(extra + part for part in parts)
        return b"".join([*parts[:half], extra, *parts[half:]])

    crlf = stream.replace(b"\n", b"\r\n")
    return {
        "lines: CRLF": crlf,
        "lines: CR": stream.replace(b"\n", b"\r"),
        "lines: LF, then CRLF": b"\n\n".join(events[:half]) + b"\n\n" + crlf,
        "lines: no space": stream.replace(b"data: ", b"data:"),
        "lines: two spaces": stream.replace(b"data: ", b"data:  "),
        "lines: comments": among(b": keep-alive\n\n", each=True),
        "lines: comments inside": among(b": keep-alive\n", each=True),
        "lines: ids": among(b"id: 1\n", each=True),
        "lines: an unknown field": among(b"foo: bar\n", each=True),
        "lines: blank lines": among(b"\n\n\n", each=True),
        "lines: two events as one": stream.replace(b"\n\n", b"\n"),
        "lines: rubbish": among(b"rubbish\n\n"),
        "lines: no JSON": among(b"data: {nonsense\n\n"),
        "lines: empty data": among(b"data:\n\n"),
        "lines: a list": among(b"data: [1]\n\n"),
        "lines: null": among(b"data: null\n\n"),
        "lines: an empty object": among(b"data: {}\n\n"),
        "lines: no UTF-8": among(b": \xff\n\n"),
        "lines: byte order mark": b"\xef\xbb\xbf" + stream,
    }


def short(says: bytes) -> Streams:
    """Ten that are short enough to be cut at every byte. says: an event's JSON, %s its text."""

    def tiny(*texts: str, end: bytes = b"\n\n") -> Stream:
        return b"".join(b"data: " + says % text.encode() + end for text in texts)

    return {
        "text": tiny("a", "b", "c", "d"),
        "done": tiny("a", "b", "c") + DONE,
        "unicode": tiny("é", "☃", "😀", "é"),
        "escapes": tiny("\\n", '\\"', "\\u2603", "\\\\"),
        "CRLF": tiny("a", "b", "c", "d", end=b"\r\n\r\n"),
        "CR": tiny("a", "b", "c", end=b"\r\r"),
        "mixed": tiny("a", "b") + tiny("c", "d", end=b"\r\n\r\n"),
        "CR CR LF": tiny("a", "b", "c", end=b"\r\r\n"),
        "comments": tiny("a", "b") + b": x\n\n" + tiny("c", "d"),
        "broken": tiny("a", "b", "c") + b"data: {\n\n",
    }


def cuts(stream: Stream) -> Streams:
    """Where a stream may break off."""
    size = len(stream)
    return {
        "cut: nothing": b"",
        "cut: a blank line": b"\n",
        "cut: in the middle": stream[: size // 2],
        "cut: late": stream[: -size // 8],
        "cut: before the last byte": stream[:-1],
        "cut: HTML": b"<html><body>502 Bad Gateway</body></html>",
    }
