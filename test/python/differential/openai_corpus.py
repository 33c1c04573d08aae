"""Streams of OpenAI's wire format, made by hand: the usual, the rare and the broken."""

from __future__ import annotations

from typing import Any

import wire
from openai_values import choices, contents, deltas, escaped, heads, tools
from openai_wire import (
    DONE,
    HEAD,
    PLAIN,
    ROLE,
    STOP,
    USAGE,
    USED,
    WORDS,
    Stream,
    chunk,
    dumps,
    named_tool,
    remade,
    sse,
    text,
    texts,
    tool,
    whole,
)


def ends() -> dict[str, Stream]:
    """How a stream may end."""
    body = texts(WORDS)
    error = {"error": {"message": "overloaded", "type": "server_error", "code": 503}}
    reasons = [
        "stop",
        "length",
        "tool_calls",
        "content_filter",
        "function_call",
        "error",
        "odd",
        "",
    ]
    reasons += ["eos", "end_turn", "max_tokens"]
    streams = {
        "no DONE": whole(*body, end=b""),
        "no finish": whole(*body, finish=None),
        "neither": whole(*body, finish=None, end=b""),
        "usage": whole(*body, USED, finish=STOP),
        "usage after finish": whole(*body) [: -len(DONE)] + sse(USED) + DONE,
        "usage in finish": whole(*body, finish={**STOP, "usage": USAGE}),
        "usage twice": whole(*body, end=sse(USED) + sse(USED) + DONE),
        "usage details": whole(*body, end=sse({**USED, "usage": {
            **USAGE, "prompt_tokens_details": {"cached_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 2}}}) + DONE),
        "usage of zeros": whole(*body, end=sse({**USED, "usage": {
            "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}}) + DONE),
        "text in finish": whole(*body, finish=chunk({"content": "end"}, "stop")),
        "finish twice": whole(*body, STOP),
        "text after finish": whole(*body, STOP, *body, finish=None),
        "text after DONE": whole(*body) + b"".join(map(sse, body)),
        "rubbish after DONE": whole(*body) + b"not an event",
        "DONE twice": whole(*body) + DONE,
        "DONE at once": DONE,
        "DONE without a space": whole(*body, end=b"data:[DONE]\n\n"),
        "DONE and more": whole(*body, end=b"data: [DONE] x\n\n"),
        "DONE without its end": whole(*body, end=b"data: [DONE]"),
        "half a DONE": whole(*body, end=b"data: [DO"),
        "nothing": b"",
        "only role": sse(ROLE),
        "only finish": sse(STOP) + DONE,
        "a blank line": b"\n",
        "cut in an event": whole(*body)[:-400],
        "cut in a text": whole(*body, end=b"")[: PLAIN.index(b"king") + 2],
        "cut in a line end": whole(*body, finish=None, end=b"")[:-1],
        "no last line end": whole(*body, finish=None, end=b"")[:-2],
        "error": whole(*body, error, finish=None),
        "error at first": sse(error),
        "error a string": whole(*body, {"error": "bad"}, finish=None),
        "error without a message": whole(*body, {"error": {"code": 400}}, finish=None),
        "error with a chunk": whole(*body, {**text("x"), "error": {"message": "m"}}),
        "error empty": whole(*body, {**text("x"), "error": {}}, *body),
        "error 429": whole(*body, {"error": {"message": "slow", "code": 429}}, finish=None),
        "no JSON": whole(*body, finish=None, end=b"data: {nonsense\n\n") + DONE,
        "no JSON at first": b"data: nonsense\n\n" + DONE,
        "empty data": whole(*body, finish=None, end=b"data:\n\n") + whole(*body),
        "JSON cut": whole(*body, finish=None, end=sse(text("x"))[:-10] + b"\n\n") + DONE,
        "two JSON": whole(*body, finish=None, end=b"data: {}{}\n\n") + DONE,
        "deep JSON": whole(*body, finish=None, end=b"data: " + b"[" * 5000 + b"\n\n") + DONE,
        "HTML": b"<html><body>502 Bad Gateway</body></html>",
        "whole response": sse({**HEAD, "object": "chat.completion", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
        ]}) + DONE,
    }  # fmt: skip
    named = {f"end: {name}": value for name, value in streams.items()}
    return named | {
        f"finish reason: {reason or 'empty'}": whole(*body, finish=chunk({}, reason))
        for reason in reasons
    }


def lines() -> dict[str, Stream]:
    """How the lines of the events may be written."""
    crlf = remade(PLAIN, b"\n", b"\r\n")
    events = PLAIN.split(b"\n\n")[:-1]
    named = b"".join(b"event: message\n" + event + b"\n\n" for event in events)
    numbered = b"".join(b"id: %d\n%s\n\n" % (n, event) for n, event in enumerate(events))
    pretty = b"".join(
        b"".join(b"data: " + line + b"\n" for line in dumps(value, indent=1).splitlines()) + b"\n"
        for value in (ROLE, *texts(WORDS), STOP)
    )
    half = len(events) // 2

    def among(extra: bytes, each: bool = False) -> Stream:
        parts = [event + b"\n\n" for event in events]
        if each:
            return b"".join(extra + part for part in parts)
        return b"".join([*parts[:half], extra, *parts[half:]])

    return {
        "lines: CRLF": crlf,
        "lines: CRLF without its end": crlf[:-2],
        "lines: CR": remade(PLAIN, b"\n", b"\r"),
        "lines: CRLF, then LF": crlf[: len(crlf) // 2] + PLAIN,
        "lines: LF, then CRLF": b"\n\n".join(events[:half]) + b"\n\n" + crlf,
        "lines: LF CRLF": remade(PLAIN, b"\n\n", b"\n\r\n"),
        "lines: CRLF LF": remade(PLAIN, b"\n\n", b"\r\n\n"),
        "lines: CR LF CR": remade(PLAIN, b"\n\n", b"\r\n\r"),
        "lines: CR CR LF": remade(PLAIN, b"\n\n", b"\r\r\n"),
        "lines: one CR": among(b"\r"),
        "lines: a CR in a comment": among(b": a\rb\n\n"),
        "lines: no space": remade(PLAIN, b"data: ", b"data:"),
        "lines: two spaces": remade(PLAIN, b"data: ", b"data:  "),
        "lines: a tab": remade(PLAIN, b"data: ", b"data:\t"),
        "lines: space at the end": remade(PLAIN, b"\n\n", b" \n\n"),
        "lines: upper case": remade(PLAIN, b"data: ", b"DATA: "),
        "lines: named events": named,
        "lines: numbered events": numbered,
        "lines: one id": b"id: 1\n" + PLAIN,
        "lines: an id, alone": among(b"id: 1\n\n"),
        "lines: an id, then blank lines": among(b"id: 1\n\n") + among(b"\n", each=True),
        "lines: retry": among(b"retry: 100\n", each=True),
        "lines: retry, alone": among(b"retry: 100\n\n"),
        "lines: thread events": remade(named, b"event: message", b"event: thread.x"),
        "lines: error event": among(b'event: error\ndata: {"message": "x"}\n\n'),
        "lines: ping": among(b"event: ping\n\n", each=True),
        "lines: ping with data": among(b'event: ping\ndata: {"type": "ping"}\n\n'),
        "lines: comments": among(b": keep-alive\n\n", each=True),
        "lines: comments inside": among(b": keep-alive\n", each=True),
        "lines: comment like data": among(b":data: {}\n", each=True),
        "lines: blank lines": among(b"\n\n\n", each=True),
        "lines: odd blank lines": among(b"\n", each=True),
        "lines: unknown field": among(b"foo: bar\n", each=True),
        "lines: data in two": pretty,
        "lines: data, and data without colon": among(b"data\n", each=True),
        "lines: two events as one": remade(PLAIN, b"\n\n", b"\n"),
        "lines: byte order mark": b"\xef\xbb\xbf" + PLAIN,
        "lines: byte order mark each": among(b"\xef\xbb\xbf", each=True),
        "lines: spaces in JSON": b"".join(
            b"data: " + dumps(v, separators=(" , ", " : ")) + b"\n\n"
            for v in (ROLE, *texts(WORDS), STOP)
        ) + DONE,
        "lines: tight JSON": b"".join(
            b"data: " + dumps(v, separators=(",", ":")) + b"\n\n"
            for v in (ROLE, *texts(WORDS), STOP)
        ) + DONE,
        "lines: spacing changes": b"".join(
            b"data: " + dumps(v, separators=(",", ":" if n % 2 else ": ")) + b"\n\n"
            for n, v in enumerate((ROLE, *texts(WORDS * 2), STOP))
        ) + DONE,
        "lines: no UTF-8 in a comment": among(b": \xff\n\n"),
    }  # fmt: skip


def repeated() -> dict[str, Stream]:
    """LiteLLM ends a stream that repeats itself a hundred times."""
    say = ["say ", "it ", "again: "]

    def again(content: str, times: int, *after: str) -> Stream:
        return whole(*texts([*say, *[content] * times, *after]))

    broken: list[Any] = [*say, *["abc"] * 60, "x", *["abc"] * 60]
    interrupted = [*texts([*say, *["abc"] * 60]), chunk({}), *texts(["abc"] * 60)]
    joined = [*say, *["ab", "c", "abc"] * 40]
    empties = [part for _ in range(110) for part in (text("ab"), text("c"), chunk({"content": ""}))]
    mixed = [*texts(say), *texts(["abc"] * 99), chunk({"reasoning_content": "r"}), *texts("abc")]
    return {
        "repeated: 97": again("abc", 97, "x", "y"),
        "repeated: 98": again("abc", 98, "x", "y"),
        "repeated: 99": again("abc", 99, "x", "y"),
        "repeated: 100": again("abc", 100, "x", "y"),
        "repeated: 101": again("abc", 101, "x", "y"),
        "repeated: 150": again("abc", 150),
        "repeated: short": again("ab", 150, "x"),
        "repeated: one snowman": again("☃", 150, "x"),
        "repeated: three snowmen": again("☃☃☃", 150, "x"),
        "repeated: broken": whole(*texts(broken)),
        "repeated: interrupted": whole(*interrupted),
        "repeated: joined would be": whole(*texts(joined)),
        "repeated: joined between drops": whole(*empties),
        "repeated: reasoning": whole(*(chunk({"reasoning_content": "abc"}) for _ in range(150))),
        "repeated: reasoning after 99": whole(*mixed),
        "repeated: arguments": whole(named_tool("f"), *(tool("abc") for _ in range(150))),
    }


def corpus() -> dict[str, Stream]:
    parts = (contents, escaped, deltas, tools, choices, heads, ends, lines, repeated)
    return {name: stream for part in parts for name, stream in part().items()}


def short() -> dict[str, Stream]:
    return wire.short(b'{"choices":[{"delta":{"content":"%s"}}]}')
