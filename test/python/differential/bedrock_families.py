"""Streams of the smaller families of models behind InvokeModel: each event has the model's own
JSON inside."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

from bedrock_wire import MARK, PADS, USAGE, Payload, Payloads, chunk, framed, invoked
from contents import CONTENTS, TOKENS, WORDS
from eventstream import exception
from wire import Streams, dumps


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
    """To be fed in each way."""
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


def _inner_of(payload: Payload) -> bytes:
    return base64.b64decode(json.loads(payload[1])["bytes"])


def _inner_tokens(made: Callable[[list[Any]], Payloads], key: bytes) -> Streams:
    streams = {}
    for name, parts in TOKENS.items():
        left, payloads = list(parts), []
        for payload in made([MARK] * len(parts)):
            inner = _inner_of(payload)
            if b'"MARK"' in inner:
                inner = inner.replace(b'"MARK"', left.pop(0).replace(b"KEY", key), 1)
            payloads.append(chunk(inner))
        streams[f"tokens: {name}"] = framed(payloads)
    return streams


def _inner_values(payloads: Payloads, key: bytes) -> Streams:
    """The model's JSON, written otherwise, or none, in the middle of a stream."""
    half = len(payloads) // 2
    then = _inner_of(payloads[half])
    named = b'"%s": ' % key
    odd = {
        "spaces": then.replace(b": ", b" :  "),
        "tight": then.replace(b": ", b":"),
        "lines": then.replace(b", ", b",\n"),
        "more keys": b'{"new": [1], ' + then[1:],
        "the text's key twice": then.replace(named, named + b'"x", ' + named),
        "no text": then.replace(named, b'"new": '),
        "an empty text": re.sub(named + rb'"[^"]*"', named + b'""', then),
        "null for the text": re.sub(named + rb'"[^"]*"', named + b"null", then),
        "an error": b'{"message": "oops", "type": "error"}',
        "a list": b"[1]",
        "a string": b'"x"',
        "null": b"null",
        "two": then + then,
        "cut": then[:-1],
        "Latin-1": then.replace(b'"}', b'\xe9"}'),
    }
    return {
        f"values: {name}": framed([*payloads[:half], *[chunk(inner)] * 3, *payloads[half:]])
        for name, inner in odd.items()
    }


def more_of_family(name: str) -> Streams:
    """To be fed at random cuts: what is cut is the same in all families."""
    made, key = FAMILIES[name]
    sound = made(WORDS)
    rest = {n: texts for n, texts in CONTENTS.items() if n not in _USUAL}
    streams = {f"contents: {n}": framed(made(texts)) for n, texts in rest.items()}
    streams |= _inner_tokens(made, key) | _inner_values(sound, key) | invoked(sound)
    return streams | {"end: twice": framed([*sound, *sound[-2:]])}
