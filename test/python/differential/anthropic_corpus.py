"""Streams of Anthropic's messages, made by hand after its documentation: the usual and the odd."""

from __future__ import annotations

from typing import Any

import wire
from contents import WORDS
from wire import Stream, Streams, event

USAGE = {"input_tokens": 25, "output_tokens": 1}
PIECES = ['{"', "city", '": "', "Par", "is", '"}']


def named(value: dict[str, Any]) -> bytes:
    return event(value, value["type"])


def start(usage: Any = USAGE, **extra: Any) -> bytes:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [],
               "model": "claude-haiku-4-5-20251001", "stop_reason": None, "stop_sequence": None}  # fmt: skip
    if usage is not None:
        message["usage"] = usage
    return named({"type": "message_start", "message": {**message, **extra}})


def end(reason: Any = "end_turn", usage: Any = None, stop: bool = True) -> bytes:
    delta = {"stop_reason": reason, "stop_sequence": None}
    used = {"output_tokens": 15} if usage is None else usage
    last = named({"type": "message_stop"}) if stop else b""
    return named({"type": "message_delta", "delta": delta, "usage": used}) + last


def block(
    kind: str, *deltas: dict[str, Any], index: int = 0, stop: bool = True, **extra: Any
) -> bytes:
    first = {
        "type": "content_block_start",
        "index": index,
        "content_block": {"type": kind, **extra},
    }
    parts = [{"type": "content_block_delta", "index": index, "delta": d} for d in deltas]
    last = [{"type": "content_block_stop", "index": index}] if stop else []
    return b"".join(map(named, [first, *parts, *last]))


def text_block(texts: list[Any], index: int = 0, **extra: Any) -> bytes:
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    return block("text", *deltas, index=index, text="", **extra)


def thinking_block(texts: list[Any], index: int = 0, signature: str = "c2ln") -> bytes:
    deltas: list[dict[str, Any]] = [{"type": "thinking_delta", "thinking": t} for t in texts]
    if signature:
        deltas.append({"type": "signature_delta", "signature": signature})
    return block("thinking", *deltas, index=index, thinking="", signature="")


def tool_block(pieces: list[Any], index: int = 1, name: str = "f") -> bytes:
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return block("tool_use", *deltas, index=index, id=f"toolu_{index}", name=name, input={})


def whole(texts: list[Any]) -> Stream:
    return start() + text_block(texts) + end()


def thought(texts: list[Any]) -> Stream:
    return start() + thinking_block(texts) + text_block(WORDS, 1) + end()


def tools(pieces: list[Any]) -> Stream:
    return start() + text_block(WORDS[:3]) + tool_block(pieces) + end("tool_use")


PING = named({"type": "ping"})
PLAIN = start() + PING + text_block(WORDS) + end()


def _error(kind: str = "overloaded_error", message: Any = "Overloaded") -> bytes:
    return named({"type": "error", "error": {"type": kind, "message": message}})


def blocks() -> Streams:
    citation = {"type": "char_location", "cited_text": "x", "document_index": 0}
    cited = [{"type": "citations_delta", "citation": citation}]
    words = [{"type": "text_delta", "text": word} for word in WORDS]
    by_turns = b"".join(
        named({"type": "content_block_delta", "index": n % 2,
               "delta": {"type": "text_delta", "text": word}})
        for n, word in enumerate(WORDS)
    )  # fmt: skip
    mixed = [words[0], {"type": "input_json_delta", "partial_json": "{}"}, *words[1:]]
    return {
        "blocks: none": start() + end(),
        "blocks: two of text": start() + text_block(WORDS) + text_block(WORDS, 1) + end(),
        "blocks: thinking": thought(WORDS),
        "blocks: thinking unsigned": start() + thinking_block(WORDS, signature="") + end(),
        "blocks: thinking twice": start() + thinking_block(WORDS) + thinking_block(PIECES, 1) + end(),
        "blocks: thinking, other thoughts": thought(["other ", *WORDS]),
        "blocks: redacted": start() + block("redacted_thinking", data="abc") + text_block(WORDS, 1) + end(),
        "blocks: a tool": tools(PIECES),
        "blocks: a tool alone": start() + tool_block(PIECES, 0) + end("tool_use"),
        "blocks: a tool without input": tools([]),
        "blocks: a tool with empty pieces": tools(["", *PIECES[:2], "", *PIECES[2:]]),
        "blocks: a tool with an empty piece": tools([""]),
        "blocks: two tools": start() + tool_block(PIECES, 0) + tool_block(PIECES, 1, "g") + end("tool_use"),
        "blocks: a tool, then none": tools(PIECES)[: -len(end("tool_use"))] + tool_block([], 2) + end("tool_use"),
        "blocks: a server's tool": start() + block("server_tool_use", *(
            {"type": "input_json_delta", "partial_json": p} for p in PIECES),
            id="srvtoolu_1", name="web_search", input={}) + text_block(WORDS, 1) + end(),
        "blocks: search results": start() + block("web_search_tool_result", tool_use_id="srvtoolu_1",
            content=[{"type": "web_search_result", "url": "http://a", "title": "A"}]) + text_block(WORDS, 1) + end(),
        "blocks: citations": start() + block("text", *cited, *words, *cited, text="") + end(),
        "blocks: without end": start() + text_block(WORDS)[:-80] + end(),
        "blocks: without start": start() + text_block(WORDS).split(b"\n\n", 1)[1] + end(),
        "blocks: text at the start": start() + block("text", *words, text="Well, ") + end(),
        "blocks: by turns": start() + by_turns + end(),
        "blocks: of two kinds": start() + block("text", *mixed, text="") + end(),
        "blocks: another kind": start() + block("new_kind", {"type": "new_delta", "x": 1}) + text_block(WORDS, 1) + end(),
        "blocks: no delta": start() + named({"type": "content_block_delta", "index": 0}) + end(),
        "blocks: pings": PLAIN.replace(b"event: content_block_delta", PING + b"event: content_block_delta"),
        "blocks: unknown event": start() + named({"type": "new_event"}) + text_block(WORDS) + end(),
    }  # fmt: skip


def ends() -> Streams:
    body = start() + text_block(WORDS)
    cached = {**USAGE, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 4}
    reasons = ["max_tokens", "stop_sequence", "tool_use", "refusal", "odd", None]
    named_ends = {f"end: {reason}": body + end(reason) for reason in reasons}
    return named_ends | {
        "end: none": body,
        "end: without stop": body + end(stop=False),
        "end: text after": body + end(stop=False) + text_block(WORDS, 1),
        "end: twice": body + end() + end(),
        "end: all usage": start(cached) + text_block(WORDS) + end(usage={**cached, "output_tokens": 9}),
        "end: no usage": start(None) + text_block(WORDS) + end(usage={}),
        "end: usage of zeros": start({"input_tokens": 0, "output_tokens": 0}) + text_block(WORDS) + end(usage={"output_tokens": 0}),
        "end: two starts": start() + start() + text_block(WORDS) + end(),
        "end: no start": text_block(WORDS) + end(),
        "end: error": body + _error(),
        "end: error at first": _error(),
        "end: error after start": start() + _error("api_error", "bad"),
        "end: error without message": body + named({"type": "error"}),
        "end: error of a number": body + _error("api_error", 5),
    }  # fmt: skip


def corpus() -> Streams:
    return {
        **wire.contents(whole),
        **wire.tokens(whole, "text"),
        **{f"thinking {k}": v for k, v in wire.tokens(thought, "thinking").items()},
        **blocks(),
        **ends(),
        **wire.repeated(whole),
        **wire.lines(PLAIN),
        **wire.cuts(PLAIN),
        "keys: id each": b"".join(
            part.replace(b'"index": 0', b'"index": 0, "x": %d' % n) + b"\n\n"
            for n, part in enumerate(PLAIN.split(b"\n\n")[:-1])
        ),
        "keys: tight JSON": PLAIN.replace(b'": ', b'":').replace(b', "', b',"'),
        "keys: data before event": b"".join(
            b"\n".join(reversed(part.split(b"\n"))) + b"\n\n" for part in PLAIN.split(b"\n\n")[:-1]
        ),
    }


def fast() -> Streams:
    many = [f"{number} " for number in range(100)]
    return {"text": whole(many), "thinking": thought(many), "arguments": tools(many)}


def short() -> Streams:
    def tiny(*texts: str, end: bytes = b"\n\n") -> Stream:
        head = (
            b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"'
        )
        return b"".join(head + text.encode() + b'"}}' + end for text in texts)

    return {
        "text": tiny("a", "b", "c", "d"),
        "unicode": tiny("é", "☃", "😀", "é"),
        "escapes": tiny("\\n", '\\"', "\\u2603", "\\\\"),
        "CRLF": tiny("a", "b", "c", end=b"\r\n\r\n"),
        "CR": tiny("a", "b", "c", end=b"\r\r"),
        "mixed": tiny("a", "b") + tiny("c", "d", end=b"\r\n\r\n"),
        "stop": tiny("a", "b") + b'data: {"type":"content_block_stop","index":0}\n\n',
        "comments": tiny("a", "b") + b": x\n\n" + tiny("c"),
        "broken": tiny("a", "b", "c") + b"data: {\n\n",
        "error": tiny("a", "b") + b'data: {"type":"error"}\n\n',
    }
