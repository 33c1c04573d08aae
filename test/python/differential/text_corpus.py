"""Streams of OpenAI's text completions, made by hand: the usual and the odd."""

from __future__ import annotations

from typing import Any

import wire
from contents import WORDS
from wire import DONE, Stream, Streams, event

HEAD = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "gpt-3.5-turbo-instruct",
}
USAGE = {"prompt_tokens": 3, "completion_tokens": 8, "total_tokens": 11}


def chunk(text: Any, finish: Any = None, choice: Any = None, **extra: Any) -> dict[str, Any]:
    said = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish, **(choice or {})}
    return {**HEAD, "choices": [said], **extra}


STOP = chunk("", "stop")
USED = {**HEAD, "choices": [], "usage": USAGE}


def stream(values: list[Any], end: bytes = DONE) -> Stream:
    return b"".join(map(event, values)) + end


def whole(texts: list[Any], **extra: Any) -> Stream:
    return stream([*(chunk(text, **extra) for text in texts), STOP])


PLAIN = whole(WORDS)


def odd() -> Streams:
    body = [chunk(word) for word in WORDS]
    error = {"error": {"message": "overloaded", "type": "server_error", "code": 503}}
    logprobs = {"logprobs": {"tokens": ["a"], "token_logprobs": [-0.1], "text_offset": [0]}}
    two = [chunk(word, choice={"index": n % 2}) for n, word in enumerate(WORDS)]
    ids = [{**value, "id": f"cmpl-{n}"} for n, value in enumerate(body)]
    reasons = ["length", "content_filter", "odd", ""]
    named = {f"end: {r or 'empty'}": stream([*body, chunk("", r)]) for r in reasons}
    return named | {
        "end: none": stream(body),
        "end: no DONE": stream([*body, STOP], b""),
        "end: neither": stream(body, b""),
        "end: text in it": stream([*body, chunk("end", "stop")]),
        "end: twice": stream([*body, STOP, STOP]),
        "end: text after": stream([*body, STOP, *body]),
        "end: usage": stream([*body, STOP, USED]),
        "end: usage in it": stream([*body, {**STOP, "usage": USAGE}]),
        "end: usage before": stream([*body, USED, STOP]),
        "odd: usage each": stream([*(chunk(word, usage=USAGE) for word in WORDS), STOP]),
        "odd: usage grows": stream(
            [*(chunk(w, usage={**USAGE, "completion_tokens": n}) for n, w in enumerate(WORDS, 1)), STOP]
        ),
        "odd: usage null": whole(WORDS, usage=None),
        "odd: logprobs": whole(WORDS, choice=logprobs),
        "odd: index": whole(WORDS, choice={"index": 1}),
        "odd: by turns": stream([*two, STOP]),
        "odd: two choices": stream([{**HEAD, "choices": [*chunk("a")["choices"], *chunk("b")["choices"]]}] * 4),
        "odd: no choices": stream([*body[:4], {**HEAD, "choices": []}, *body[4:], STOP]),
        "odd: choices null": stream([*body[:4], {**HEAD, "choices": None}]),
        "odd: ids": stream([*ids, STOP]),
        "odd: another id": PLAIN.replace(b"cmpl-1", b"cmpl-2"),
        "odd: no id": PLAIN.replace(b'"id": "cmpl-1", ', b""),
        "odd: fingerprint": whole(WORDS, system_fingerprint="fp_1"),
        "odd: unknown": whole(WORDS, unknown={"a": [1]}),
        "odd: padding": stream([*(chunk(w, obfuscation="xyz"[: n % 3 + 1]) for n, w in enumerate(WORDS)), STOP]),
        "odd: chat's delta": stream([{**HEAD, "choices": [{"index": 0, "delta": {"content": w}}]} for w in WORDS]),
        "odd: error": stream([*body, error]),
        "odd: error at first": stream([error]),
        "odd: tight JSON": PLAIN.replace(b'": ', b'":').replace(b', "', b',"'),
    }  # fmt: skip


def corpus() -> Streams:
    return {
        **wire.contents(whole),
        **wire.tokens(whole, "text"),
        **wire.repeated(whole),
        **odd(),
        **wire.lines(PLAIN),
        **wire.cuts(PLAIN),
    }


def fast() -> Streams:
    return {"text": whole([f"{number} " for number in range(100)])}


def short() -> Streams:
    return wire.short(b'{"choices":[{"text":"%s"}]}')
