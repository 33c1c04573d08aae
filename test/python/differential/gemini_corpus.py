"""Streams of Gemini's, made by hand after its documentation: the usual and the odd."""

from __future__ import annotations

from typing import Any

import wire
from contents import WORDS
from wire import Stream, Streams, event


def used(count: int, prompt: int = 5, **extra: Any) -> dict[str, Any]:
    details = [{"modality": "TEXT", "tokenCount": prompt}]
    return {"promptTokenCount": prompt, "candidatesTokenCount": count,
            "totalTokenCount": prompt + int(count or 0), "promptTokensDetails": details, **extra}  # fmt: skip


def chunk(*parts: Any, usage: Any = None, finish: Any = None, **extra: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    value: dict[str, Any] = {"candidates": [candidate]}
    if usage is not None:
        value["usageMetadata"] = usage
    return {**value, "modelVersion": "gemini-2.5-flash", "responseId": "abc", **extra}


def texts(contents: list[Any], **extra: Any) -> list[dict[str, Any]]:
    counted = enumerate(contents, 1)
    return [chunk({"text": text}, usage=used(n), **extra) for n, text in counted]


def stream(values: list[Any]) -> Stream:
    return b"".join(map(event, values))


STOP = chunk({"text": ""}, usage=used(9), finish="STOP")


def whole(contents: list[Any]) -> Stream:
    return stream([*texts(contents), STOP])


def unused(contents: list[Any]) -> Stream:
    return stream([*(chunk({"text": text}) for text in contents), STOP])


def thought(contents: list[Any]) -> Stream:
    thoughts = [
        chunk({"text": text, "thought": True}, usage={"promptTokenCount": 5, "thoughtsTokenCount": n,
                                                      "totalTokenCount": 5 + n})
        for n, text in enumerate(contents, 1)
    ]  # fmt: skip
    said = [
        chunk({"text": text}, usage={**used(n), "thoughtsTokenCount": 7, "totalTokenCount": 12 + n})
        for n, text in enumerate(WORDS, 1)
    ]
    return stream([*thoughts, *said, STOP])


PLAIN = whole(WORDS)
CALL = {"functionCall": {"name": "f", "args": {"city": "Paris"}}}


def usages() -> Streams:
    """Counters as they come, and as they had better not."""

    def each(*counts: Any) -> Stream:
        return stream(
            [chunk({"text": w}, usage=u) for w, u in zip(WORDS * 2, counts, strict=False)]
        )

    def counted(*numbers: Any, **extra: Any) -> Stream:
        return each(*(used(n, **extra) for n in numbers))

    totals = [
        {**used(n), "totalTokenCount": t}
        for n, t in zip(range(1, 9), (9, 7, 8, 30, 3, 4, 90, 1), strict=True)
    ]
    return {
        "usage: none": unused(WORDS),
        "usage: at the end": stream([*(chunk({"text": w}) for w in WORDS), STOP]),
        "usage: the same": counted(*[3] * 8),
        "usage: grows": counted(*range(1, 16)),
        "usage: shrinks": counted(9, 8, 7, 6, 5, 4),
        "usage: zeros": counted(0, 0, 1, 2, 0, 3, 4, 0),
        "usage: negative": counted(1, 2, 3, -4, 5),
        "usage: floats": counted(1, 2, 3, 4.5, 5),
        "usage: strings": counted(1, 2, 3, "4", 5),
        "usage: null": counted(1, 2, 3, None, 5),
        "usage: huge": counted(1, 2, 3, 10**14, 10**15, 10**16, 10**19, 5),
        "usage: other totals": each(*totals),
        "usage: no total": each(*({"promptTokenCount": 5, "candidatesTokenCount": n} for n in range(1, 9))),
        "usage: prompt changes": each(*(used(n, 5 + n // 4) for n in range(1, 12))),
        "usage: cached": counted(*range(1, 9), cachedContentTokenCount=2),
        "usage: cached grows": each(*(used(n, 20, cachedContentTokenCount=n) for n in range(1, 9))),
        "usage: traffic": counted(*range(1, 9), trafficType="ON_DEMAND"),
        "usage: more modalities": counted(*range(1, 9), candidatesTokensDetails=[{"modality": "TEXT", "tokenCount": 3}]),
        "usage: thoughts": thought(WORDS),
        "usage: thoughts with text": each(*(used(n, thoughtsTokenCount=n * 2, totalTokenCount=5 + n * 3) for n in range(1, 12))),
        "usage: empty": each({}, {}, {}, {}),
        "usage: now and then": each(used(1), None, used(3), None, used(5), used(6), None),
    }  # fmt: skip


def parts() -> Streams:
    both = [chunk({"text": w}, {"text": w}, usage=used(n)) for n, w in enumerate(WORDS, 1)]
    signed = [chunk({"text": w, "thoughtSignature": "c2ln"}, usage=used(1)) for w in WORDS]
    image = chunk({"inlineData": {"mimeType": "image/png", "data": "AAAA"}})
    return {
        "parts: none": stream([*texts(WORDS[:4]), chunk(), *texts(WORDS[4:]), STOP]),
        "parts: two": stream([*both, STOP]),
        "parts: signed": stream([*signed, STOP]),
        "parts: thoughts in between": stream([*texts(WORDS), chunk({"text": "hm", "thought": True}), *texts(WORDS), STOP]),
        "parts: a call": stream([*texts(WORDS), chunk(CALL, usage=used(9), finish="STOP")]),
        "parts: two calls": stream([chunk(CALL, CALL, usage=used(9), finish="STOP")]),
        "parts: calls apart": stream([chunk(CALL), chunk(CALL), STOP]),
        "parts: an image": stream([*texts(WORDS[:3]), image, *texts(WORDS[3:]), STOP]),
        "parts: code": stream([chunk({"executableCode": {"language": "PYTHON", "code": "1"}}), *texts(WORDS), STOP]),
        "parts: unknown": stream([*texts(WORDS[:3]), chunk({"new": 1}), *texts(WORDS[3:]), STOP]),
        "parts: empty text": stream([*texts(WORDS[:3]), chunk({"text": ""}), *texts(WORDS[3:]), STOP]),
    }  # fmt: skip


def candidates() -> Streams:
    grounded = {"groundingMetadata": {"webSearchQueries": ["a"], "groundingChunks": []}}

    def each(**extra: Any) -> Stream:
        values = texts(WORDS)
        for value in values:
            value["candidates"][0] |= extra
        return stream([*values, STOP])

    two = [{**value, "candidates": value["candidates"] * 2} for value in texts(WORDS)]
    return {
        "candidate: none": stream([*texts(WORDS[:4]), {"usageMetadata": used(3)}, *texts(WORDS[4:]), STOP]),
        "candidate: an empty list": stream([*texts(WORDS[:4]), {"candidates": []}, *texts(WORDS[4:]), STOP]),
        "candidate: two": stream([*two, STOP]),
        "candidate: no index": PLAIN.replace(b', "index": 0', b""),
        "candidate: another index": each(index=1),
        "candidate: no role": PLAIN.replace(b', "role": "model"', b""),
        "candidate: grounded": each(**grounded),
        "candidate: grounded once": stream([*texts(WORDS), {**STOP, "candidates": [{**STOP["candidates"][0], **grounded}]}]),
        "candidate: safety": each(safetyRatings=[{"category": "X", "probability": "LOW"}]),
        "candidate: citations": each(citationMetadata={"citations": [{"uri": "http://a"}]}),
        "candidate: logprobs": each(avgLogprobs=-0.5),
        "candidate: blocked": stream([{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": used(0)}]),
        "candidate: no content": stream([*texts(WORDS), {"candidates": [{"finishReason": "SAFETY", "index": 0}]}]),
    }  # fmt: skip


def ends() -> Streams:
    reasons = ["MAX_TOKENS", "SAFETY", "RECITATION", "MALFORMED_FUNCTION_CALL", "OTHER", "odd", ""]
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    named = {
        f"end: {reason or 'empty'}": stream([*texts(WORDS), chunk({"text": "."}, finish=reason)])
        for reason in reasons
    }
    return named | {
        "end: none": stream(texts(WORDS)),
        "end: twice": stream([*texts(WORDS), STOP, STOP]),
        "end: text after": stream([*texts(WORDS), STOP, *texts(WORDS)]),
        "end: reason each": stream(texts(WORDS, finish="STOP")),
        "end: error": stream([*texts(WORDS), error]),
        "end: error at first": stream([error]),
        "end: DONE": PLAIN + b"data: [DONE]\n\n",
        "end: as one list": b"[" + b",\n".join(map(wire.dumps, [*texts(WORDS), STOP])) + b"]",
        "end: pretty": b"".join(event(value, indent=1) for value in texts(WORDS[:3])),
    }


def heads() -> Streams:
    ids = [{**value, "responseId": f"r{n}"} for n, value in enumerate(texts(WORDS))]
    models = [{**value, "modelVersion": f"m-{n // 4}"} for n, value in enumerate(texts(WORDS))]
    times = [
        {**value, "createTime": f"2025-01-01T00:00:0{n}Z"} for n, value in enumerate(texts(WORDS))
    ]
    return {
        "head: ids": stream([*ids, STOP]),
        "head: no id": stream([{k: v for k, v in t.items() if k != "responseId"} for t in texts(WORDS)]),
        "head: models": stream([*models, STOP]),
        "head: times": stream([*times, STOP]),
        "head: another stream's id": PLAIN.replace(b'"abc"', b'"xyz"'),
        "head: unknown": stream([*texts(WORDS), STOP]).replace(b'"responseId"', b'"new": 1, "responseId"'),
        "head: tight JSON": PLAIN.replace(b'": ', b'":').replace(b', "', b',"'),
    }  # fmt: skip


def corpus() -> Streams:
    return {
        **wire.contents(whole),
        **wire.tokens(whole, "text"),
        **{f"thought {k}": v for k, v in wire.tokens(thought, "text").items()},
        **usages(),
        **parts(),
        **candidates(),
        **ends(),
        **heads(),
        **wire.repeated(whole),
        **wire.lines(PLAIN),
        **wire.cuts(PLAIN),
    }


def fast() -> Streams:
    many = [f"{number} " for number in range(100)]
    return {
        "text": whole(many),
        "text without usage": unused(many),
        "thoughts": thought(many),
        "CRLF": whole(many).replace(b"\n", b"\r\n"),
    }


def short() -> Streams:
    def tiny(*contents: str, end: bytes = b"\n\n") -> Stream:
        head = b'data: {"candidates":[{"content":{"parts":[{"text":"'
        return b"".join(head + text.encode() + b'"}]}}]}' + end for text in contents)

    counted = b"".join(
        b'data: {"candidates":[{"content":{"parts":[{"text":"%d"}]}}],"usageMetadata":'
        b'{"promptTokenCount":1,"candidatesTokenCount":%d,"totalTokenCount":%d}}\n\n'
        % (n, n, n + 1)
        for n in (1, 2, 3)
    )
    return {
        "text": tiny("a", "b", "c", "d"),
        "usage": counted,
        "unicode": tiny("é", "☃", "😀"),
        "escapes": tiny("\\n", '\\"', "\\u2603", "\\\\"),
        "CRLF": tiny("a", "b", "c", end=b"\r\n\r\n"),
        "CR": tiny("a", "b", end=b"\r\r"),
        "mixed": tiny("a", "b") + tiny("c", end=b"\r\n\r\n"),
        "comments": tiny("a", "b") + b": x\n\n" + tiny("c"),
        "broken": tiny("a", "b", "c") + b"data: {\n\n",
        "list": b"[" + tiny("a").replace(b"data: ", b"") + b"]",
    }
