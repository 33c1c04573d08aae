"""Streams of Bedrock, made by hand after its documentation: Converse's events, and all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic_corpus
from bedrock_families import FAMILIES, family, more_of_family
from bedrock_wire import PADS, USAGE, Payload, Payloads, chunk, framed, frames, invoked, tokens
from contents import CONTENTS, WORDS
from eventstream import event, exception
from wire import Stream, Streams, dumps

PIECES = ['{"', "city", '": "', "Par", "is", '"}']


def _said(name: str, value: dict[str, Any], number: int = 0) -> Payload:
    return name, dumps({**value, "p": PADS[number % len(PADS)]}, separators=(",", ":"))


# -- Converse


def start(role: str = "assistant") -> Payloads:
    return [_said("messageStart", {"role": role})]


def deltas(parts: list[Any], index: int = 0) -> Payloads:
    return [
        _said("contentBlockDelta", {"contentBlockIndex": index, "delta": part}, number)
        for number, part in enumerate(parts)
    ]


def block_stop(index: int = 0) -> Payloads:
    return [_said("contentBlockStop", {"contentBlockIndex": index})]


def text_block(texts: list[Any], index: int = 0) -> Payloads:
    return [*deltas([{"text": text} for text in texts], index), *block_stop(index)]


def thinking_block(texts: list[Any], index: int = 0, signature: str = "c2ln") -> Payloads:
    parts = [{"reasoningContent": {"text": text}} for text in texts]
    if signature:
        parts.append({"reasoningContent": {"signature": signature}})
    return [*deltas(parts, index), *block_stop(index)]


def tool_block(pieces: list[Any], index: int = 1, name: str = "f") -> Payloads:
    used = {"toolUse": {"toolUseId": f"tooluse_{index}", "name": name}}
    first = _said("contentBlockStart", {"contentBlockIndex": index, "start": used})
    parts = [{"toolUse": {"input": piece}} for piece in pieces]
    return [first, *deltas(parts, index), *block_stop(index)]


def stop(reason: Any = "end_turn", **extra: Any) -> Payloads:
    return [_said("messageStop", {"stopReason": reason, **extra})]


def metadata(usage: Any = USAGE, **extra: Any) -> Payloads:
    value = {"metrics": {"latencyMs": 555}, **extra}
    return [_said("metadata", {**value, "usage": usage} if usage is not None else value)]


def end(reason: Any = "end_turn") -> Payloads:
    return [*stop(reason), *metadata()]


def whole(texts: list[Any]) -> Payloads:
    return [*start(), *text_block(texts), *end()]


def blocks() -> dict[str, Payloads]:
    words = text_block(WORDS)
    by_turns = [d for n, word in enumerate(WORDS) for d in deltas([{"text": word}], n % 2)]
    redacted = deltas([{"reasoningContent": {"redactedContent": "YWJj"}}])
    at_start = _said(
        "contentBlockStart",
        {"contentBlockIndex": 0, "start": {"reasoningContent": {"redactedContent": "YWJj"}}},
    )
    empty_start = _said("contentBlockStart", {"contentBlockIndex": 0, "start": {}})
    mixed = deltas([{"text": "a"}, {"toolUse": {"input": "{}"}}, {"text": "b"}, {"text": "c"}])
    cited = deltas([{"citationsContent": {"citations": [{"title": "x"}]}}])
    parts: dict[str, Payloads] = {
        "none": [],
        "two of text": [*words, *text_block(WORDS, 1)],
        "thinking": [*thinking_block(WORDS), *text_block(WORDS, 1)],
        "thinking unsigned": thinking_block(WORDS, signature=""),
        "thinking twice": [*thinking_block(WORDS), *thinking_block(PIECES, 1)],
        "redacted": [*redacted, *block_stop(), *text_block(WORDS, 1)],
        "redacted at the start": [at_start, *block_stop(), *text_block(WORDS, 1)],
        "a start of nothing": [empty_start, *words],
        "a tool": [*text_block(WORDS[:3]), *tool_block(PIECES)],
        "a tool alone": tool_block(PIECES, 0),
        "a tool without input": [*words, *tool_block([])],
        "a tool with an empty piece": tool_block([""], 0),
        "a tool with empty pieces": tool_block(["", *PIECES[:2], "", *PIECES[2:]], 0),
        "two tools": [*tool_block(PIECES, 0), *tool_block(PIECES, 1, "g")],
        "a tool, then one without input": [*tool_block(PIECES, 0), *tool_block([], 1, "g")],
        "a tool's input that is no string": tool_block(["{", 5, "}"], 0),
        "without stop": deltas([{"text": word} for word in WORDS]),
        "by turns": by_turns,
        "of two kinds": [*mixed, *block_stop()],
        "citations": [*deltas([{"text": "a"}, {"text": "b"}]), *cited, *words],
        "another delta": [*deltas([{"text": "a"}, {"new": 1}, {"text": "b"}]), *words],
        "no delta": [_said("contentBlockDelta", {"contentBlockIndex": 0, "delta": {}}), *words],
        "a delta of null": [("contentBlockDelta", b'{"contentBlockIndex":0,"delta":null}'), *words],
        "an index of null": [("contentBlockDelta", b'{"contentBlockIndex":null,"delta":{}}')],
        "an unknown event": [_said("newEvent", {"new": 1}), *words],
    }
    return {f"blocks: {name}": [*start(), *part, *end()] for name, part in parts.items()}


def ends() -> dict[str, Payloads]:
    body = [*start(), *text_block(WORDS)]
    cached = {**USAGE, "cacheReadInputTokens": 4, "cacheWriteInputTokens": 3}
    trace = {"trace": {"guardrail": {"inputAssessment": {"x": {}}}}}
    reasons = ["tool_use", "max_tokens", "stop_sequence", "guardrail_intervened"]
    reasons += ["content_filtered", "odd", ""]
    named = {f"end: {reason or 'empty'}": [*body, *end(reason)] for reason in reasons}
    return named | {
        "end: none": body,
        "end: null": [*body, *end(None)],
        "end: without metadata": [*body, *stop()],
        "end: without stop": [*body, *metadata()],
        "end: without usage": [*body, *stop(), *metadata(None)],
        "end: usage of zeros": [*body, *stop(), *metadata(dict.fromkeys(USAGE, 0))],
        "end: usage with caches": [*body, *stop(), *metadata(cached)],
        "end: usage twice": [*body, *end(), *metadata()],
        "end: usage first": [*start(), *metadata(), *text_block(WORDS), *stop()],
        "end: a trace": [*body, *stop(), *metadata(**trace)],
        "end: more fields": [*body, *stop(additionalModelResponseFields={"a": 1}), *metadata()],
        "end: text after": [*body, *stop(), *text_block(WORDS, 1), *metadata()],
        "end: twice": [*body, *end(), *end()],
        "end: no start": [*text_block(WORDS), *end()],
        "end: two starts": [*start(), *body, *end()],
    }


def values() -> dict[str, Payloads]:
    """JSON that is written otherwise, or is none."""
    body = text_block(WORDS)
    odd = {
        "spaces": b'{ "contentBlockIndex" : 0 , "delta" : { "text" : "x" } }',
        "lines": b'{"contentBlockIndex": 0,\n"delta": {"text": "x"}}\n',
        "text first": b'{"delta":{"text":"x"},"contentBlockIndex":0}',
        "no JSON": b"{nonsense",
        "no JSON, in Latin-1": b'{"contentBlockIndex":0,"delta":{"text":"\xe9"}}',
        "nothing": b"",
        "a list": b"[1]",
        "a string": b'"x"',
        "null": b"null",
        "an empty object": b"{}",
        "two": b"{}{}",
        "deep": b'{"a":' * 3000,
        "a byte order mark": b'\xef\xbb\xbf{"contentBlockIndex":0,"delta":{"text":"x"}}',
        "UTF-16": '{"contentBlockIndex":0,"delta":{"text":"x"}}'.encode("utf-16"),
        "the same key twice": b'{"contentBlockIndex":0,"delta":{"text":"x","text":"y"}}',
        "more keys": b'{"contentBlockIndex":0,"delta":{"text":"x","new":1},"new":[1]}',
        "no p": b'{"contentBlockIndex":0,"delta":{"text":"x"}}',
        "p empty": b'{"contentBlockIndex":0,"delta":{"text":"x"},"p":""}',
        "p no string": b'{"contentBlockIndex":0,"delta":{"text":"x"},"p":5}',
    }
    return {
        f"values: {name}": [*start(), *body, *[("contentBlockDelta", data)] * 3, *body, *end()]
        for name, data in odd.items()
    }


def _contents(made: Callable[[list[Any]], Payloads]) -> dict[str, Payloads]:
    say = ["say ", "it ", "again: "]
    texts = {f"contents: {name}": value for name, value in CONTENTS.items()}
    texts |= {f"repeated: {n}": [*say, *["abc"] * n, "x", "y"] for n in (98, 100, 150)}
    return {name: made(value) for name, value in texts.items()}


def converse() -> Streams:
    made = _contents(whole) | tokens(whole, b"text") | blocks() | ends() | values()
    made["contents: long thoughts"] = [*start(), *thinking_block(CONTENTS["long"]), *end()]
    made["contents: tool"] = [*start(), *tool_block(CONTENTS["json escapes"], 0), *end("tool_use")]
    return {name: framed(payloads) for name, payloads in made.items()} | frames(whole(WORDS * 2))


# -- InvokeModel: each event has the model's own JSON inside


def _events_of(stream: Stream) -> Payloads:
    """Anthropic's server-sent events, as Bedrock carries them."""
    datas = [line[5:].strip() for line in stream.split(b"\n") if line.startswith(b"data:")]
    return [chunk(data, PADS[number % len(PADS)]) for number, data in enumerate(datas)]


def anthropic_whole(texts: list[Any]) -> Stream:
    return framed(_events_of(anthropic_corpus.whole(texts)))


def anthropic() -> Streams:
    sound = _events_of(anthropic_corpus.PLAIN)
    streams = {
        name: framed(_events_of(stream))
        for name, stream in anthropic_corpus.corpus().items()
        if not name.startswith(("lines", "cut"))
    }
    return streams | invoked(sound) | frames(sound)


# -- short ones, to be cut at every byte


def short() -> Streams:
    def tiny(*texts: str) -> Payloads:
        return [
            ("d", b'{"contentBlockIndex":0,"delta":{"text":"%s"}}' % text.encode())
            for text in texts
        ]

    sound = framed(tiny("a", "b", "c"))
    one = event(*tiny("d")[0])
    return {
        "text": framed(tiny("a", "b", "c", "d")),
        "unicode": framed(tiny("é", "☃", "😀")),
        "escapes": framed(tiny("\\n", '\\"', "\\u2603")),
        "stop": sound + framed(stop()),
        "metadata": sound + framed(metadata()),
        "exception": sound + exception("e", b"{}"),
        "prelude damaged": sound + bytes([one[0] ^ 1]) + one[1:],
        "CRC damaged": sound + one[:-1] + bytes([one[-1] ^ 1]) + one,
        "cut": sound + one[:-5],
        "rubbish": sound + b"rubbish that is long enough",
    }


MANY = [f"{number} " for number in range(60)]


def corpora() -> dict[str, Streams]:
    """By provider."""
    families = {f"bedrock {name}": family(name) for name in FAMILIES}
    return {"bedrock": converse(), "bedrock anthropic": anthropic(), **families}


def more() -> dict[str, Streams]:
    """By provider, as well."""
    return {f"bedrock {name}": more_of_family(name) for name in FAMILIES}


def fast() -> dict[str, Streams]:
    """Streams of each provider that must be answered from templates."""
    thoughts = [*start(), *thinking_block(MANY), *end()]
    tool = [*start(), *tool_block(MANY, 0), *end()]
    anthropics = anthropic_corpus.fast().items()
    families = {f"bedrock {n}": {"text": framed(made(MANY))} for n, (made, _) in FAMILIES.items()}
    return {
        "bedrock": {
            "text": framed(whole(MANY)),
            "thinking": framed(thoughts),
            "arguments": framed(tool),
        },
        "bedrock anthropic": {name: framed(_events_of(stream)) for name, stream in anthropics},
        **families,
    }
