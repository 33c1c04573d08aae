"""Streams of Bedrock, made by hand after its documentation: Converse's events, those of each
family of models behind InvokeModel, and what may be wrong with their frames."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import anthropic_corpus
from contents import CONTENTS, TOKENS, WORDS
from eventstream import event, exception, header, message, prelude, string
from wire import Stream, Streams, dumps

Payload = tuple[str, bytes]  # the event's type, and its JSON
Payloads = list[Payload]

PIECES = ['{"', "city", '": "', "Par", "is", '"}']
USAGE = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
PADS = ["abc", "abcdefgh", "abcdefghijklmnop", "a", "abcdefghijklm"]
_MARK = "MARK"


def framed(payloads: Payloads) -> Stream:
    return b"".join(event(name, payload) for name, payload in payloads)


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


def _tokens(made: Callable[[list[Any]], Payloads], key: bytes) -> dict[str, Payloads]:
    """Texts written in ways that JSON allows, or just not."""
    streams = {}
    for name, parts in TOKENS.items():
        left, payloads = list(parts), []
        for kind, payload in made([_MARK] * len(parts)):
            if b'"MARK"' in payload:
                payload = payload.replace(b'"MARK"', left.pop(0).replace(b"KEY", key), 1)
            payloads.append((kind, payload))
        streams[f"tokens: {name}"] = payloads
    return streams


def frames(payloads: Payloads) -> Streams:
    """What may be wrong with the frames, or just rare, in the middle of a stream."""
    sound = [event(*payload) for payload in payloads]
    half = len(sound) // 2
    before, then, after = b"".join(sound[:half]), sound[half], b"".join(sound[half + 1 :])
    name, payload = payloads[half]
    number = header("number", 4, b"\0\0\0\1")
    twice = string(":event-type", name)
    error = b'{"message":"Too many requests"}'
    middles = {
        "prelude damaged": bytes([then[0] ^ 1]) + then[1:],
        "prelude CRC damaged": then[:9] + bytes([then[9] ^ 1]) + then[10:],
        "headers damaged": then[:14] + bytes([then[14] ^ 1]) + then[15:],
        "payload damaged": then[:-9] + bytes([then[-9] ^ 1]) + then[-8:],
        "CRC damaged": then[:-1] + bytes([then[-1] ^ 1]),
        "length of zero": prelude(0, 0) + then,
        "length of twelve": prelude(12, 0) + then,
        "length of fifteen": prelude(15, 0) + then,
        "headers longer than all": prelude(100, 100) + then,
        "too long headers": prelude(200_000, 150_000) + then,
        "too long": prelude(0x7FFFFFFF, 0) + then,
        "no headers": message(b"", payload),
        "no headers, no payload": message(b"", b""),
        "one header more": event(name, payload, string("x-more", "é")),
        "a header of a number": event(name, payload, number),
        "a header twice": event(name, payload, twice),
        "headers broken": message(b"\x05abc", payload),
        "another content type": event(name, payload, content="text/plain"),
        "another event type": event("odd", payload),
        "an event type with a line end": event("a\nb", payload),
        "initial response": event("initial-response", b"{}") + then,
        "another message type": exception("x", payload, kind="odd"),
        "exception": exception("throttlingException", error),
        "exception of the model": exception("modelStreamErrorException", error),
        "exception unknown": exception("newException", error),
        "exception without JSON": exception("internalServerException", b"oops"),
        "exception without a body": exception("validationException", b""),
        "error": message(
            string(":message-type", "error")
            + string(":error-code", "InternalError")
            + string(":error-message", "oops"),
            b"",
        ),
        "rubbish": b"rubbish that is no frame",
        "HTML": b"<html><body>502 Bad Gateway</body></html>",
    }
    streams = {
        f"frames: {key}": before + middle + (b"" if "exception" in key else after)
        for key, middle in middles.items()
    }
    size = len(b"".join(sound))
    streams |= {
        f"cut: {key}": b"".join(sound)[:at]
        for key, at in {
            "nothing": 0, "a prelude": 12, "in a prelude": 7, "in the middle": size // 2,
            "late": -20, "before the last byte": -1, "before the end": -len(sound[-1]),
        }.items()
    }  # fmt: skip
    streams["frames: exception at first"] = exception("throttlingException", error)
    return streams


def converse() -> Streams:
    made = _contents(whole) | _tokens(whole, b"text") | blocks() | ends() | values()
    made["contents: long thoughts"] = [*start(), *thinking_block(CONTENTS["long"]), *end()]
    made["contents: tool"] = [*start(), *tool_block(CONTENTS["json escapes"], 0), *end("tool_use")]
    return {name: framed(payloads) for name, payloads in made.items()} | frames(whole(WORDS * 2))


# -- InvokeModel: each event has the model's own JSON inside


def chunk(inner: bytes, pad: str = "abcdefghij") -> Payload:
    value = {"bytes": base64.b64encode(inner).decode(), "p": pad}
    return "chunk", dumps(value, separators=(",", ":"))


def _events_of(stream: Stream) -> Payloads:
    """Anthropic's server-sent events, as Bedrock carries them."""
    datas = [line[5:].strip() for line in stream.split(b"\n") if line.startswith(b"data:")]
    return [chunk(data, PADS[number % len(PADS)]) for number, data in enumerate(datas)]


def anthropic_whole(texts: list[Any]) -> Stream:
    return framed(_events_of(anthropic_corpus.whole(texts)))


def _invoked(payloads: Payloads) -> Streams:
    """What may be odd around the model's JSON."""
    half = len(payloads) // 2
    before, (_, then), after = payloads[:half], payloads[half], payloads[half + 1 :]
    middles = {
        "no p": chunk(b"{}")[1].split(b',"p"')[0] + b"}",
        "p first": b'{"p":"abc",' + then[1:].split(b',"p"')[0] + b"}",
        "spaces": then.replace(b":", b" : ", 1),
        "more keys": b'{"new":1,' + then[1:],
        "no bytes": b'{"p":"abc"}',
        "bytes of null": b'{"bytes":null,"p":"abc"}',
        "bytes empty": b'{"bytes":"","p":"abc"}',
        "bytes no base64": b'{"bytes":"!!!!","p":"abc"}',
        "bytes cut": then.replace(b'","p"', b'x","p"', 1),
        "bytes with a line end": then.replace(b'"bytes":"', b'"bytes":"\\n', 1),
        "bytes escaped": then.replace(b'"bytes":"e', b'"bytes":"\\u0065', 1),
        "no JSON inside": chunk(b"{nonsense")[1],
        "no UTF-8 inside": chunk(b'{"type":"\xff"}')[1],
        "no JSON": b"{nonsense",
        "nothing": b"",
    }
    named = {
        f"invoked: {name}": framed([*before, ("chunk", middle), *after])
        for name, middle in middles.items()
    }
    return named | {"invoked: another event": framed([*before, ("other", then), *after])}


def anthropic() -> Streams:
    sound = _events_of(anthropic_corpus.PLAIN)
    streams = {
        name: framed(_events_of(stream))
        for name, stream in anthropic_corpus.corpus().items()
        if not name.startswith(("lines", "cut"))
    }
    return streams | _invoked(sound) | frames(sound)


def _inner(*values: dict[str, Any]) -> Payloads:
    return [chunk(dumps(value), PADS[n % len(PADS)]) for n, value in enumerate(values)]


_METRICS = {"amazon-bedrock-invocationMetrics": {
    "inputTokenCount": 5, "outputTokenCount": 6, "invocationLatency": 70, "firstByteLatency": 8,
}}  # fmt: skip


def titan(texts: list[Any]) -> Payloads:
    head = {"inputTextTokenCount": 5, "totalOutputTextTokenCount": None, "completionReason": None}
    parts = [{"outputText": text, "index": 0, **head} for text in texts]
    last = {**head, "totalOutputTextTokenCount": 6, "completionReason": "FINISH"}
    return _inner(*parts, {"outputText": "", "index": 0, **last, **_METRICS})


def llama(texts: list[Any]) -> Payloads:
    head = {"prompt_token_count": 5, "generation_token_count": 1, "stop_reason": None}
    parts = [{"generation": t, **head, "generation_token_count": n} for n, t in enumerate(texts, 1)]
    return _inner(*parts, {"generation": "", **head, "stop_reason": "stop", **_METRICS})


def mistral(texts: list[Any]) -> Payloads:
    parts = [{"outputs": [{"text": text, "stop_reason": None}]} for text in texts]
    last = {"outputs": [{"text": "", "stop_reason": "stop"}]}
    return _inner(*parts, {**last, "stop_reason": "stop"}, _METRICS)


def cohere(texts: list[Any]) -> Payloads:
    parts = [{"text": text, "is_finished": False} for text in texts]
    return _inner(*parts, {"is_finished": True, "finish_reason": "COMPLETE"})


def nova(texts: list[Any]) -> Payloads:
    parts = [{"contentBlockDelta": {"delta": {"text": t}, "contentBlockIndex": 0}} for t in texts]
    first = {"messageStart": {"role": "assistant"}}
    last = [{"contentBlockStop": {"contentBlockIndex": 0}}, {"messageStop": {"stopReason": "end"}}]
    return _inner(first, *parts, *last, {"metadata": {"usage": USAGE}})


def deepseek(texts: list[Any]) -> Payloads:
    thoughts = [{"generation": text, "stop_reason": None} for text in ["I ", "think ", "so"]]
    parts = [{"generation": text, "stop_reason": None} for text in ["</think>", *texts]]
    return _inner(*thoughts, *parts, {"generation": "", "stop_reason": "stop", **_METRICS})


FAMILIES = {
    "titan": (titan, b"outputText"),
    "llama": (llama, b"generation"),
    "mistral": (mistral, b"text"),
    "cohere": (cohere, b"text"),
    "nova": (nova, b"text"),
    "deepseek": (deepseek, b"generation"),
}
_USUAL = (
    "words", "none", "unicode", "json escapes", "like the wire", "special tokens",
    "empty between", "null between", "not a string", "long",
)  # fmt: skip


def family(name: str) -> Streams:
    made, _ = FAMILIES[name]
    sound = made(WORDS * 2)
    texts = {f"contents: {key}": framed(made(CONTENTS[key])) for key in _USUAL}
    half = len(sound) // 2
    broken = exception("modelTimeoutException", b'{"message":"too slow"}')
    return texts | {
        "end: none": framed(sound[:-1]),
        "end: exception": framed(sound[:half]) + broken,
        "values: an empty object": framed([*sound[:half], chunk(b"{}"), *sound[half:]]),
        "repeated: 100": framed(made(["a", *["abc"] * 100, "x", "y"])),
    }


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
