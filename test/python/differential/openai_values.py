"""Streams of OpenAI's format, made by hand, by what their chunks hold."""

from __future__ import annotations

import json
from typing import Any

from contents import CONTENTS
from openai_wire import (
    DONE,
    HEAD,
    PLAIN,
    ROLE,
    STOP,
    USAGE,
    WORDS,
    Stream,
    bare,
    chunk,
    named_tool,
    remade,
    sse,
    text,
    texts,
    tool,
    whole,
)


def contents() -> dict[str, Stream]:
    """What a text may be."""
    return {f"contents: {name}": whole(*texts(value)) for name, value in CONTENTS.items()}


def escaped() -> dict[str, Stream]:
    """The same text, written otherwise."""
    ascii_only = [
        b"data: " + json.dumps(text(word)).encode() + b"\n\n"
        for word in ["é", "☃", "😀", "\u2028", "a", "b", "é"]
    ]
    raw = [sse(text("MARK")) for _ in range(6)]

    def tokens(*parts: bytes) -> Stream:
        return b"".join(
            event.replace(b'"MARK"', part) for event, part in zip(raw, parts, strict=False)
        )

    return {
        "escapes: ascii": bare(sse(ROLE), *ascii_only, sse(STOP), DONE),
        "escapes: each kind": tokens(
            b'"a"', b'"b"', b'"c"', b'"\\u0061\\/\\b"', b'"\\ud83d\\ude00"'
        )
        + DONE,
        "escapes: half a pair": tokens(b'"a"', b'"b"', b'"c"', b'"\\ud83d"', b'"d"') + DONE,
        "escapes: halves in two": tokens(b'"a"', b'"b"', b'"c"', b'"\\ud83d"', b'"\\ude00"') + DONE,
        "escapes: unknown": tokens(b'"a"', b'"b"', b'"c"', b'"\\x"', b'"d"') + DONE,
        "escapes: cut": tokens(b'"a"', b'"b"', b'"c"', b'"\\u00"', b'"d"') + DONE,
        "escapes: a raw tab": tokens(b'"a"', b'"b"', b'"c"', b'"\t"', b'"d"') + DONE,
        "escapes: a raw zero": tokens(b'"a"', b'"b"', b'"c"', b'"\0"', b'"d"') + DONE,
        "escapes: white space around": tokens(b'"a"', b'"b"', b'"c"', b' "d"', b'"e" ') + DONE,
        "escapes: two strings": tokens(b'"a"', b'"b"', b'"c"', b'"d" "e"', b'"f"') + DONE,
        "escapes: another key": tokens(b'"a"', b'"b"', b'"c"', b'"d","role":"x"', b'"f"') + DONE,
        "escapes: the key again": tokens(
            b'"a"', b'"b"', b'"c"', b'"d","content":"e"', b'"f","content":"g"'
        )
        + DONE,
        "escapes: a number": tokens(b'"a"', b'"b"', b'"c"', b"12", b'"d"') + DONE,
        "escapes: no UTF-8": tokens(b'"a"', b'"b"', b'"c"', b'"\xff"', b'"d"') + DONE,
        "escapes: a surrogate in UTF-8": tokens(b'"a"', b'"b"', b'"c"', b'"\xed\xa0\xbd"') + DONE,
        "escapes: overlong UTF-8": tokens(b'"a"', b'"b"', b'"c"', b'"\xc0\xaf"', b'"d"') + DONE,
        "escapes: NaN": tokens(b'"a"', b'"b"', b'"c"', b"NaN", b'"d"') + DONE,
    }


def deltas() -> dict[str, Stream]:
    """What else a delta may hold."""

    def each(*values: Any) -> Stream:
        return whole(*(chunk(value) for value in values))

    letters = "abcdef"
    return {
        "delta: role each": each(*({"role": "assistant", "content": c} for c in letters)),
        "delta: role null": each(*({"role": None, "content": c} for c in letters)),
        "delta: another role": each(*({"role": "user", "content": c} for c in letters)),
        "delta: reasoning_content": each(*({"reasoning_content": c} for c in letters)),
        "delta: reasoning, then text": each(
            *({"reasoning_content": c} for c in letters), *({"content": c} for c in letters)
        ),
        "delta: by turns": each(
            *({"content": c} if n % 2 else {"reasoning_content": c} for n, c in enumerate(letters))
        ),
        "delta: both": each(*({"content": c, "reasoning_content": c} for c in letters)),
        "delta: both, one fixed": each(
            *({"content": c, "reasoning_content": "r"} for c in letters)
        ),
        "delta: empty content beside": each(
            *({"content": "", "reasoning_content": c} for c in letters)
        ),
        "delta: null content beside": each(
            *({"content": None, "reasoning_content": c} for c in letters)
        ),
        "delta: null reasoning beside": each(
            *({"content": c, "reasoning_content": None} for c in letters)
        ),
        "delta: reasoning": each(*({"reasoning": c} for c in letters)),
        "delta: reasoning and content": each(*({"reasoning": c, "content": c} for c in letters)),
        "delta: refusal": each(*({"refusal": c} for c in letters)),
        "delta: refusal null": each(*({"content": c, "refusal": None} for c in letters)),
        "delta: refusal beside": each(*({"content": c, "refusal": "no"} for c in letters)),
        "delta: thinking blocks": each(
            *(
                {"content": c, "thinking_blocks": [{"type": "thinking", "thinking": c}]}
                for c in letters
            )
        ),
        "delta: function_call": each(
            {"function_call": {"name": "f", "arguments": ""}},
            *({"function_call": {"arguments": c}} for c in letters),
        ),
        "delta: unknown": each(*({"content": c, "unknown": {"a": [1, None]}} for c in letters)),
        "delta: unknown, changing": each(*({"content": c, "unknown": c} for c in letters)),
        "delta: provider fields": each(
            *({"content": c, "provider_specific_fields": {"a": 1}} for c in letters)
        ),
        "delta: annotations": each(
            *({"content": c, "annotations": [{"type": "url_citation"}]} for c in letters)
        ),
        "delta: audio": each(
            *({"audio": {"id": "a", "data": "AAAA", "transcript": c}} for c in letters)
        ),
        "delta: empty": each({}, {}, {"content": "a"}, {}, {"content": "b"}),
        "delta: null": whole(chunk(None), *texts(list(letters)), chunk(None)),
        "delta: a string": whole(*texts(list(letters)), chunk("x")),
        "delta: a list": whole(*texts(list(letters)), chunk([])),
    }


def tools() -> dict[str, Stream]:
    pieces = ['{"', "city", '": "', "Par", "is", '"}']
    finish = chunk({}, "tool_calls")
    both = [named_tool("a"), named_tool("b", 1)]
    turns = [tool(piece, index) for piece in pieces for index in (0, 1)]
    typed = [tool(piece, type="function") for piece in pieces]
    again = [tool(piece, id="call_0") for piece in pieces]
    nulls = [tool(piece, id=None, type=None) for piece in pieces]
    named = [named_tool("f", 0, piece) for piece in pieces]
    parallel = chunk(
        {"tool_calls": [named_tool(n, i)["choices"][0]["delta"]["tool_calls"][0]
                        for i, n in enumerate("ab")]}
    )  # fmt: skip
    streams = {
        "pieces": [named_tool("f"), *map(tool, pieces)],
        "two, one after the other": [
            named_tool("a"), *map(tool, pieces), named_tool("b", 1),
            *(tool(piece, 1) for piece in pieces),
        ],
        "two, by turns": [*both, *turns],
        "two in a chunk": [parallel, *turns],
        "typed": [named_tool("f"), *typed],
        "id each": [named_tool("f"), *again],
        "null id": [named_tool("f"), *nulls],
        "name each": named,
        "text before": [*texts(WORDS), named_tool("f"), *map(tool, pieces)],
        "text between": [
            named_tool("f"), *map(tool, pieces[:4]), *texts(WORDS), *map(tool, pieces[4:])
        ],
        "empty piece": [named_tool("f"), tool("a"), tool(""), tool("b"), tool("c"), tool("d")],
        "null piece": [named_tool("f"), tool("a"), tool("b"), tool(None), tool("c"), tool("d")],
        "one piece": [named_tool("f", 0, '{"a": 1}')],
        "no index": [
            chunk({"tool_calls": [{"function": {"arguments": piece}}]}) for piece in pieces
        ],
        "content beside": [
            named_tool("f"),
            *(
                chunk({"content": "c", "tool_calls": tool(piece)["choices"][0]["delta"]["tool_calls"]})
                for piece in pieces
            ),
        ],
        "null content beside": [
            named_tool("f"),
            *(
                chunk({"role": "assistant", "content": None,
                       "tool_calls": tool(piece)["choices"][0]["delta"]["tool_calls"]})
                for piece in pieces
            ),
        ],
        "empty list": [*(chunk({"content": c, "tool_calls": []}) for c in "abcdef")],
        "null list": [*(chunk({"content": c, "tool_calls": None}) for c in "abcdef")],
        "no function": [named_tool("f"), chunk({"tool_calls": [{"index": 0}]}), *map(tool, pieces)],
    }  # fmt: skip
    return {f"tools: {name}": whole(*values, finish=finish) for name, values in streams.items()}


def choices() -> dict[str, Stream]:
    filtered = {"content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}
    logprobs = {"logprobs": {"content": [{"token": "a", "logprob": -0.5, "top_logprobs": []}]}}

    def two(first: Any, second: Any, finish: Any = None) -> dict[str, Any]:
        made = [
            {"index": n, "delta": delta, "finish_reason": finish}
            for n, delta in enumerate((first, second))
        ]
        return {**HEAD, "choices": made}

    second = [chunk({"content": c}, choice={"index": n % 2}) for n, c in enumerate("abcdefgh")]
    ends = [chunk({}, "stop", {"index": n}) for n in (0, 1)]
    return {
        "choice: filter results": whole(*(text(c, choice=filtered) for c in WORDS)),
        "choice: logprobs": whole(*(text(c, choice=logprobs) for c in WORDS)),
        "choice: logprobs null": whole(*(text(c, choice={"logprobs": None}) for c in WORDS)),
        "choice: no finish_reason": remade(PLAIN, b', "finish_reason": null', b""),
        "choice: no index": remade(PLAIN, b'"index": 0, ', b""),
        "choice: index 1": whole(*(text(c, choice={"index": 1}) for c in WORDS)),
        "choice: index a string": whole(*(text(c, choice={"index": "0"}) for c in WORDS)),
        "choice: unknown key": whole(*(text(c, choice={"x": [1]}) for c in WORDS)),
        "choice: message": whole(*(text(c, choice={"message": {"a": 1}}) for c in WORDS)),
        "choice: two at once": whole(*(two({"content": c}, {"content": c}) for c in "abcdef")),
        "choice: two by turns": whole(*second, *ends, finish=None),
        "choice: two, text after the first end": whole(
            *second[:6], ends[0], *second[6:], ends[1], finish=None
        ),
        "choice: text is null": remade(whole(*texts(WORDS)), b'"delta"', b'"text": null, "delta"'),
        "choices: null": whole(*texts(WORDS), {**HEAD, "choices": None}),
        "choices: none": whole(*texts(WORDS[:4]), {**HEAD, "choices": []}, *texts(WORDS[4:])),
        "choices: missing": whole(*texts(WORDS[:4]), HEAD, *texts(WORDS[4:])),
        "choices: an object": whole(*texts(WORDS[:4]), {**HEAD, "choices": {}}),
    }


def heads() -> dict[str, Stream]:
    """The keys of a chunk beside its choices."""

    def each(**extra: Any) -> Stream:
        return whole(*texts(WORDS, **extra))

    ids = [text(word, id=f"chatcmpl-{n}") for n, word in enumerate(WORDS)]
    some = [text(word, id=f"chatcmpl-{n // 4}") for n, word in enumerate(WORDS * 2)]
    times = [text(word, created=n) for n, word in enumerate(WORDS)]
    models = [text(word, model=f"m-{n // 4}") for n, word in enumerate(WORDS * 2)]
    prints = [text(word, system_fingerprint=f"fp_{n // 4}") for n, word in enumerate(WORDS * 2)]
    pads = [text(word, obfuscation="xyz"[: n % 3 + 1] * 2) for n, word in enumerate(WORDS)]
    same_pads = [text(word, obfuscation="xx") for word in WORDS]
    short_pads = [text(word, p="abcdefgh"[:n]) for n, word in enumerate(WORDS)]
    two_pads = [text(word, p="a", obfuscation="b") for word in WORDS]
    first_pads = [{"obfuscation": "abcdefgh"[:n], **text(word)} for n, word in enumerate(WORDS)]
    continuous = [
        text(word, usage={**USAGE, "completion_tokens": n}) for n, word in enumerate(WORDS)
    ]
    filters = {**HEAD, "model": "", "id": "", "choices": [], "prompt_filter_results": [{"a": 1}]}
    return {
        "head: fingerprint": each(system_fingerprint="fp_1"),
        "head: fingerprint null": each(system_fingerprint=None),
        "head: fingerprint changes": whole(*prints),
        "head: service tier": each(service_tier="default"),
        "head: usage null": each(usage=None),
        "head: usage each": each(usage=USAGE),
        "head: usage grows": whole(*continuous),
        "head: citations": each(citations=["http://a", "http://b"]),
        "head: x_groq": whole(*texts(WORDS[:1], x_groq={"id": "r"}), *texts(WORDS)),
        "head: x_groq each": each(x_groq={"id": "r"}),
        "head: provider": each(provider="Somebody"),
        "head: unknown": each(unknown={"deep": [1, {"a": None}]}),
        "head: unknown null": each(unknown=None),
        "head: message": each(message={"a": 1}),
        "head: big number": each(big=12345678901234567890123),
        "head: float": each(f=0.1, g=1e300),
        "head: error null": each(error=None),
        "head: id each": whole(*ids),
        "head: id changes": whole(*some),
        "head: id empty": each(id=""),
        "head: id a space": each(id=" "),
        "head: id null": each(id=None),
        "head: id a number": each(id=5),
        "head: no id": remade(PLAIN, b'"id": "chatcmpl-1", ', b""),
        "head: created each": whole(*times),
        "head: created null": each(created=None),
        "head: no created": remade(PLAIN, b'"created": 1, ', b""),
        "head: model changes": whole(*models),
        "head: model null": each(model=None),
        "head: no model": remade(PLAIN, b', "model": "gpt-4o-mini"', b""),
        "head: no object": remade(PLAIN, b'"object": "chat.completion.chunk", ', b""),
        "head: object another": each(object="chat.completion"),
        "head: azure's filters first": whole(*texts(WORDS), role=filters),
        "head: padding": whole(*pads),
        "head: padding the same": whole(*same_pads),
        "head: padding p": whole(*short_pads),
        "head: padding twice": whole(*two_pads),
        "head: padding first": whole(*first_pads),
        "head: padding null": each(obfuscation=None),
        "head: key order": whole(*(dict(reversed(list(text(w).items()))) for w in WORDS)),
        "head: key order changes": whole(
            *(dict(reversed(list(text(w).items()))) if n % 3 else text(w)
              for n, w in enumerate(WORDS * 2))
        ),
        "head: a list": whole(*texts(WORDS[:4]), [1]),
        "head: a string": whole(*texts(WORDS[:4]), "x"),
        "head: null": whole(*texts(WORDS[:4]), None),
        "head: empty": whole(*texts(WORDS[:4]), {}, *texts(WORDS[4:])),
    }  # fmt: skip
