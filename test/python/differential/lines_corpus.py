"""Streams of a JSON object a line (Cohere, Ollama), made by hand after the providers' pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wire
from contents import WORDS
from wire import Stream, Streams, line


def broken(stream: Stream) -> Streams:
    """How lines may be written, and what may stand between them."""
    lines = stream.split(b"\n")[:-1]
    half = len(lines) // 2

    def among(extra: bytes, each: bool = False) -> Stream:
        parts = [part + b"\n" for part in lines]
        if each:
            return b"".join(extra + part for part in parts)
        return b"".join([*parts[:half], extra, *parts[half:]])

    return {
        "lines: CRLF": stream.replace(b"\n", b"\r\n"),
        "lines: CR": stream.replace(b"\n", b"\r"),
        "lines: LF, then CRLF": among(b"").replace(b"\n", b"\r\n", half),
        "lines: blank": among(b"\n"),
        "lines: blank each": among(b"\n", each=True),
        "lines: spaces before": among(b" ", each=True),
        "lines: as events": among(b"data: ", each=True),
        "lines: two in one": b"".join(lines),
        "lines: rubbish": among(b"rubbish\n"),
        "lines: no JSON": among(b"{nonsense\n"),
        "lines: a list": among(b"[1]\n"),
        "lines: null": among(b"null\n"),
        "lines: an empty object": among(b"{}\n"),
        "lines: no UTF-8": among(b'{"x": "\xff"}\n'),
        "lines: byte order mark": b"\xef\xbb\xbf" + stream,
        "lines: without the last end": stream[:-1],
        "lines: tight JSON": stream.replace(b'": ', b'":').replace(b', "', b',"'),
        "lines: unknown key": stream.replace(b"{", b'{"new": 1, ', 1),
        "lines: DONE": stream + b"data: [DONE]\n",
        "lines: twice": stream + stream,
    }


def whole_of(make: Callable[[Any], dict[str, Any]], end: dict[str, Any]) -> Callable[..., Stream]:
    def whole(texts: list[Any], **extra: Any) -> Stream:
        return b"".join(line({**make(text), **extra}) for text in texts) + line(end)

    return whole


# Cohere, version 1 of its API


def cohere_text(text: Any) -> dict[str, Any]:
    return {"is_finished": False, "event_type": "text-generation", "text": text}


COHERE_START = line({"is_finished": False, "event_type": "stream-start", "generation_id": "g-1"})
COHERE_META = {"tokens": {"input_tokens": 3, "output_tokens": 4}}


def cohere_end(reason: Any = "COMPLETE", **extra: Any) -> dict[str, Any]:
    response = {"response_id": "r-1", "text": "all", "generation_id": "g-1", "meta": COHERE_META}
    return {"is_finished": True, "event_type": "stream-end", "finish_reason": reason,
            "response": response, **extra}  # fmt: skip


def cohere_whole(texts: list[Any], **extra: Any) -> Stream:
    return COHERE_START + whole_of(cohere_text, cohere_end())(texts, **extra)


def cohere_odd() -> Streams:
    body = COHERE_START + b"".join(line(cohere_text(word)) for word in WORDS)
    cited = {"is_finished": False, "event_type": "citation-generation",
             "citations": [{"start": 0, "end": 3, "text": "king", "document_ids": ["d"]}]}  # fmt: skip
    calls = {"is_finished": False, "event_type": "tool-calls-generation",
             "tool_calls": [{"name": "f", "parameters": {"city": "Paris"}}]}  # fmt: skip
    queries = {
        "is_finished": False,
        "event_type": "search-queries-generation",
        "search_queries": [],
    }
    reasons = ["MAX_TOKENS", "ERROR", "ERROR_TOXIC", "odd", "", None]
    named = {f"end: {reason}": body + line(cohere_end(reason)) for reason in reasons}
    return named | {
        "end: none": body,
        "end: twice": body + line(cohere_end()) * 2,
        "end: text after": body + line(cohere_end()) + line(cohere_text("x")),
        "end: text in it": body + line(cohere_end(text="x")),
        "end: no reason": body + line({"is_finished": True}),
        "end: finished is a string": body + line({**cohere_end(), "is_finished": "true"}),
        "events: citations": body + line(cited) + line(cohere_end()),
        "events: citations between": body + line(cited) + body + line(cited) + line(cohere_end()),
        "events: calls": body + line(calls) + line(cohere_end()),
        "events: queries": line(queries) + body + line(cohere_end()),
        "events: index": cohere_whole(WORDS, index=0),
        "events: indexes": b"".join(
            line({**cohere_text(word), "index": n}) for n, word in enumerate(WORDS)
        ),
        "events: index no number": cohere_whole(WORDS, index="x"),
        "events: citations each": cohere_whole(WORDS, citations=[]),
        "events: error": body + line({"message": "too many tokens"}),
        "events: error at first": line({"message": "invalid api token"}),
        "events: no start": whole_of(cohere_text, cohere_end())(WORDS),
        "events: another id": cohere_whole(WORDS).replace(b"g-1", b"g-2"),
    }


def cohere() -> Streams:
    plain = cohere_whole(WORDS)
    return {
        **wire.contents(cohere_whole),
        **wire.tokens(cohere_whole, "text"),
        **wire.repeated(cohere_whole),
        **cohere_odd(),
        **broken(plain),
        **wire.cuts(plain),
    }


# Cohere, version 2 of its API, which newer versions of LiteLLM ask. LiteLLM reads a JSON object a
# line, too, and two kinds of names in them; the events that the API's pages show are no such lines.


def cohere2_text(text: Any, **extra: Any) -> dict[str, Any]:
    delta = {"message": {"content": {"text": text, **extra}}}
    return {"type": "content-delta", "index": 0, "delta": delta}


COHERE2_START = {"type": "message-start", "id": "m-1", "delta": {"message": {"role": "assistant"}}}
COHERE2_USAGE = {"tokens": {"input_tokens": 3, "output_tokens": 4}}


def cohere2_end(reason: Any = "COMPLETE", usage: Any = COHERE2_USAGE) -> dict[str, Any]:
    delta = {"finish_reason": reason, "usage": usage}
    return {"event": "message-end", "data": {"delta": delta}}


def cohere2_whole(texts: list[Any], **extra: Any) -> Stream:
    return line(COHERE2_START) + whole_of(cohere2_text, cohere2_end())(texts, **extra)


def _cohere2_tool(arguments: str, **extra: Any) -> dict[str, Any]:
    delta = {"tool_calls": [{"id": "call_1", "name": "f", "arguments": arguments, **extra}]}
    return {"type": "tool-call-delta", "index": 0, "delta": delta}


def _cohere2_data(event: str, message: dict[str, Any]) -> Stream:
    return line({"event": event, "data": {"delta": {"message": message}}})


def cohere2_odd() -> Streams:
    body = cohere2_whole(WORDS)[: -len(line(cohere2_end()))]
    end = line(cohere2_end())
    documented = {"type": "message-end", "delta": cohere2_end()["data"]["delta"]}
    events = [COHERE2_START, *map(cohere2_text, WORDS), documented]
    cited = {"citations": {"start": 0, "end": 3, "text": "king", "sources": []}}
    tools = b"".join(line(_cohere2_tool(part)) for part in ('{"a', '": ', "1}"))
    planned = [_cohere2_data("tool-plan-delta", {"tool_plan": word}) for word in WORDS]
    bare = [{**cohere2_text(w), "delta": {"message": {"content": w}}} for w in WORDS]
    reasons = ["MAX_TOKENS", "TOOL_CALL", "ERROR", "odd", "", None]
    named = {f"end: {reason}": body + line(cohere2_end(reason)) for reason in reasons}
    return named | {
        "end: none": body,
        "end: twice": body + end * 2,
        "end: text after": body + end + body,
        "end: as documented": body + line(documented),
        "end: no usage": body + line(cohere2_end(usage={})),
        "end: usage null": body + line(cohere2_end(usage=None)),
        "events: as documented": b"".join(wire.event(e, e["type"]) for e in events),
        "events: no names": b"".join(map(wire.event, events)),
        "events: texts that are content": b"".join(map(line, bare)) + end,
        "events: no text": body + line(cohere2_text("x", new=1)).replace(b'"text"', b'"t"') + end,
        "events: more keys": cohere2_whole(WORDS, new=1),
        "events: index": b"".join(
            line({**cohere2_text(word), "index": n}) for n, word in enumerate(WORDS)
        ),
        "events: index no number": cohere2_whole(WORDS, index="x"),
        "events: index null": cohere2_whole(WORDS, index=None),
        "events: delta null": body + line({"type": "content-delta", "delta": None}) + end,
        "events: no delta": body + line({"type": "content-delta"}) + body + end,
        "events: an unknown one": body + line({"type": "new", "delta": {}}) + body + end,
        "events: content starts": body + line({"type": "content-start", "index": 1}) + body + end,
        "events: calls": tools + end,
        "events: calls after text": body + tools + end,
        "events: plans": b"".join(planned) + tools + end,
        "events: citations": body + _cohere2_data("citation-start", cited) + body + end,
        "events: citations each": cohere2_whole(WORDS, citations=[]),
        "events: error": body + line({"message": "too many tokens"}),
        "events: error at first": line({"message": "invalid api token"}),
        "events: no start": whole_of(cohere2_text, cohere2_end())(WORDS),
    }


def cohere2() -> Streams:
    plain = cohere2_whole(WORDS)
    return {
        **wire.contents(cohere2_whole),
        **wire.tokens(cohere2_whole, "text"),
        **cohere2_odd(),
        **wire.cuts(plain),
    }


# Ollama: chats, and generated text


def ollama_made(number: int) -> dict[str, Any]:
    return {"model": "llama3", "created_at": f"2025-01-01T00:00:00.{number:09}Z"}


OLLAMA_DONE = {"done": True, "done_reason": "stop", "total_duration": 5_000_000, "load_duration": 3,
               "prompt_eval_count": 7, "prompt_eval_duration": 9, "eval_count": 12,
               "eval_duration": 4}  # fmt: skip


def chat_line(number: int, message: dict[str, Any], **extra: Any) -> bytes:
    said = {"role": "assistant", **message}
    return line({**ollama_made(number), "message": said, "done": False, **extra})


def chat_end(**extra: Any) -> bytes:
    said = {"role": "assistant", "content": ""}
    return line({**ollama_made(99), "message": said, **OLLAMA_DONE, **extra})


def chat(texts: list[Any], **extra: Any) -> Stream:
    body = (chat_line(n, {"content": text}, **extra) for n, text in enumerate(texts))
    return b"".join(body) + chat_end()


def chat_odd() -> Streams:
    body = chat(WORDS)[: -len(chat_end())]
    call = {"function": {"name": "f", "arguments": {"city": "Paris"}}}
    thinking = b"".join(
        chat_line(n, {"content": "", "thinking": word}) for n, word in enumerate(WORDS)
    )
    reasons = ["length", "load", "odd", "", None]
    named = {f"end: {reason}": body + chat_end(done_reason=reason) for reason in reasons}
    return named | {
        "end: none": body,
        "end: no counters": body + chat_end(prompt_eval_count=0, eval_count=0),
        "end: twice": body + chat_end() * 2,
        "end: text after": body + chat_end() + body,
        "end: text in it": body + chat_end(message={"role": "assistant", "content": "x"}),
        "think: words": chat(["<think>", "well ", "so ", "</think>", *WORDS]),
        "think: a word each": chat([*WORDS, "<think>", *WORDS, "</think>", *WORDS]),
        "think: cut words": chat(["<th", "ink>", "well ", "</thi", "nk>", *WORDS]),
        "think: never ends": chat(["<think>", *WORDS]),
        "think: escaped": chat(["<think>", *WORDS, "</think>"]).replace(b"<", b"\\u003c"),
        "think: key": thinking + body + chat_end(),
        "think: key and content": thinking.replace(b'"content": ""', b'"content": "x"') + chat_end(),
        "calls: one": chat_line(1, {"content": "", "tool_calls": [call]}) + chat_end(),
        "calls: after text": body + chat_line(1, {"content": "", "tool_calls": [call]}) + chat_end(),
        "calls: an empty list": b"".join(
            chat_line(n, {"content": word, "tool_calls": []}) for n, word in enumerate(WORDS)
        ),
        "odd: error": body + line({"error": "model runner has stopped"}),
        "odd: error at first": line({"error": "not found"}),
        "odd: no message": body + line({**ollama_made(5), "done": False}) + body + chat_end(),
        "odd: no model": chat(WORDS).replace(b'"model": "llama3", ', b""),
        "odd: models": b"".join(
            chat_line(n, {"content": word}, model=f"m-{n // 4}") for n, word in enumerate(WORDS)
        ),
        "odd: counters each": b"".join(
            chat_line(n, {"content": word}, prompt_eval_count=7, eval_count=n)
            for n, word in enumerate(WORDS, 1)
        ) + chat_end(),
        "odd: times": b"".join(
            chat_line(0, {"content": word}, created_at=time)
            for word, time in zip(WORDS, ("2025-01-01T00:00:00Z", "2025-01-01T00:00:01Z", "x",
                "2025-01-01T00:00:00+02:00", "", "2025-01-01T00:00:00.5-01:00", None, 5), strict=True)
        ) + chat_end(),
    }  # fmt: skip


def ollama_chat() -> Streams:
    plain = chat(WORDS)
    return {
        **wire.contents(chat),
        **wire.tokens(chat, "content"),
        **wire.repeated(chat),
        **chat_odd(),
        **broken(plain),
        **wire.cuts(plain),
    }


def generated_line(number: int, text: Any, **extra: Any) -> bytes:
    return line({**ollama_made(number), "response": text, "done": False, **extra})


def generated_end(**extra: Any) -> bytes:
    return line({**ollama_made(99), "response": "", **OLLAMA_DONE, "context": [1, 2], **extra})


def generated(texts: list[Any], **extra: Any) -> Stream:
    body = (generated_line(n, text, **extra) for n, text in enumerate(texts))
    return b"".join(body) + generated_end()


def generated_odd() -> Streams:
    body = generated(WORDS)[: -len(generated_end())]
    thinking = b"".join(generated_line(n, "", thinking=word) for n, word in enumerate(WORDS))
    return {
        "end: none": body,
        "end: no counters": body + line({**ollama_made(99), "response": "", "done": True}),
        "end: length": body + generated_end(done_reason="length"),
        "end: twice": body + generated_end() * 2,
        "end: text after": body + generated_end() + body,
        "end: text in it": body + generated_end(response="x"),
        "think: words": generated(["<think>", "well ", "so ", "</think>", *WORDS]),
        "think: cut words": generated(["<th", "ink>", "well ", "</thi", "nk>", *WORDS]),
        "think: escaped": generated(["<think>", *WORDS, "</think>"]).replace(b"<", b"\\u003c"),
        "think: key": thinking + body + generated_end(),
        "odd: error": body + line({"error": "model runner has stopped"}),
        "odd: error at first": line({"error": "not found"}),
        "odd: no response": body + line({**ollama_made(5), "done": False}) + body,
        "odd: no done": body.replace(b', "done": false', b"", 1) + generated_end(),
        "odd: done is a string": body.replace(b'"done": false', b'"done": "no"') + generated_end(),
        "odd: another model": body.replace(b"llama3", b"llama4") + generated_end(),
    }


def ollama() -> Streams:
    plain = generated(WORDS)
    return {
        **wire.contents(generated),
        **wire.tokens(generated, "response"),
        **wire.repeated(generated),
        **generated_odd(),
        **broken(plain),
        **wire.cuts(plain),
    }


def short_of(texts: Callable[..., bytes]) -> Streams:
    """texts: lines of these texts, raw JSON strings without their quotes."""

    def tiny(*contents: str, end: bytes = b"\n") -> Stream:
        return texts(*(content.encode() for content in contents)).replace(b"\n", end)

    return {
        "text": tiny("a", "b", "c", "d"),
        "unicode": tiny("é", "☃", "😀", "é"),
        "escapes": tiny("\\n", '\\"', "\\u2603", "\\\\"),
        "separators": tiny("a", "b", "c\u2028d", "e"),
        "CRLF": tiny("a", "b", "c", "d", end=b"\r\n"),
        "CR": tiny("a", "b", "c", end=b"\r"),
        "mixed": tiny("a", "b") + tiny("c", "d", end=b"\r\n"),
        "blank lines": tiny("a", "b") + b"\n" + tiny("c", "d"),
        "broken": tiny("a", "b", "c") + b"{\n",
        "no end": tiny("a", "b", "c")[:-1],
    }


def short_cohere() -> Streams:
    return short_of(lambda *ts: b"".join(b'{"is_finished":false,"text":"%s"}\n' % t for t in ts))


def short_chat() -> Streams:
    head = b'{"model":"m","message":{"content":"%s"},"done":false}\n'
    return short_of(lambda *ts: b"".join(head % t for t in ts))


def short_generated() -> Streams:
    head = b'{"model":"m","response":"%s","done":false}\n'
    return short_of(lambda *ts: b"".join(head % t for t in ts))


MANY = [f"{number} " for number in range(100)]
