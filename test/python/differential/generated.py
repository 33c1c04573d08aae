"""Odd streams of each format, made by hypothesis: mostly good, so that there is something to
learn, with oddities among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

import anthropic_corpus as anthropic
import gemini_corpus as gemini
import lines_corpus as lines
import openai_wire as openai
import text_corpus as completions
from wire import dumps

WORDS = st.sampled_from(
    [
        "a",
        "b",
        "abc",
        "abc",
        "the ",
        "\n",
        '"',
        "\\",
        "é",
        "😀",
        "\u2028",
        " ",
        "",
        "<think>",
        "[DONE]",
    ]
)
TEXTS = st.one_of(WORDS, st.text(max_size=6))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), TEXTS)
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(WORDS, SCALARS, max_size=2)
)
COUNTS = st.one_of(st.integers(0, 40), st.integers(0, 40), SCALARS)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": ")])
BLANKS = st.sampled_from([b"\n\n"] * 12 + [b"\r\n\r\n", b"\r\r", b"\n", b"\n\n\n", b"\r\n\n", b""])
HEADS = st.sampled_from(
    [b"data: "] * 12
    + [b"data:", b"id: 1\ndata: ", b": c\n\ndata: ", b"event: x\ndata: ", b"x", b""]
)
LINE_ENDS = st.sampled_from([b"\n"] * 12 + [b"\r\n", b"\r", b"\n\n", b""])
# Without usage LiteLLM counts tokens, those of the random id of the call among them.
CALLED = gemini.chunk(gemini.CALL, usage=gemini.used(9))
DAMAGE = st.tuples(st.integers(0, 4000), st.integers(0, 3), st.binary(max_size=3))


def _openai() -> Any:
    keys = ["content", "role", "reasoning_content", "refusal", "reasoning", "x"]
    deltas = st.dictionaries(st.sampled_from(keys), st.one_of(TEXTS, SCALARS), max_size=3)
    fields = ["id", "model", "system_fingerprint", "created", "usage", "x", "choices"]
    words = st.builds(openai.text, TEXTS)
    ends = [
        openai.ROLE,
        openai.STOP,
        openai.USED,
        openai.named_tool("f"),
        {},
        {"error": {"message": "m"}},
    ]
    return st.one_of(
        words,
        words,
        st.builds(lambda word: openai.chunk({"reasoning_content": word}), TEXTS),
        st.builds(openai.tool, TEXTS, st.integers(0, 1)),
        st.builds(lambda word, pad: openai.text(word, obfuscation=pad), TEXTS, TEXTS),
        st.builds(openai.chunk, deltas, st.sampled_from([None, None, None, "stop", ""])),
        st.builds(
            lambda value, key, item: {**value, key: item}, words, st.sampled_from(fields), VALUES
        ),
        st.sampled_from(ends),
    )


def _anthropic() -> Any:
    def delta(index: int, kind: str, key: str) -> Any:
        return lambda word: {"type": "content_block_delta", "index": index,
                             "delta": {"type": kind, key: word}}  # fmt: skip

    def begin(index: int, **block: Any) -> dict[str, Any]:
        return {"type": "content_block_start", "index": index, "content_block": block}

    used = st.builds(lambda n: {"type": "message_delta", "delta": {"stop_reason": "end_turn"},
                                "usage": {"output_tokens": n}}, COUNTS)  # fmt: skip
    fixed = [
        {"type": "message_start", "message": {"id": "msg_1", "usage": anthropic.USAGE}},
        {"type": "ping"},
        begin(0, type="text", text=""),
        begin(0, type="thinking", thinking=""),
        begin(1, type="tool_use", id="t", name="f", input={}),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_stop"},
        {"type": "error", "error": {"type": "x", "message": "m"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
        {},
    ]  # fmt: skip
    texts = st.builds(delta(0, "text_delta", "text"), TEXTS)
    pieces = st.builds(delta(1, "input_json_delta", "partial_json"), TEXTS)
    thoughts = st.builds(delta(0, "thinking_delta", "thinking"), TEXTS)
    odd = st.builds(lambda value, item: {**value, "delta": item}, texts, VALUES)
    return st.one_of(texts, texts, pieces, pieces, thoughts, thoughts, st.sampled_from(fixed),
                     st.sampled_from(fixed), used, odd)  # fmt: skip


def _gemini() -> Any:
    def counted(word: Any, count: Any, total: Any) -> dict[str, Any]:
        usage = {"promptTokenCount": 5, "candidatesTokenCount": count, "totalTokenCount": total}
        return gemini.chunk({"text": word}, usage=usage)

    texts = st.builds(lambda word: gemini.chunk({"text": word}), TEXTS)
    thoughts = st.builds(lambda word: gemini.chunk({"text": word, "thought": True}), TEXTS)
    usual = st.builds(lambda word, n: gemini.chunk({"text": word}, usage=gemini.used(n)), TEXTS,
                      st.integers(0, 40))  # fmt: skip
    finish = st.builds(lambda word, why: gemini.chunk({"text": word}, finish=why), TEXTS, WORDS)
    odd = st.builds(lambda value, key, item: {**value, key: item}, usual,
                    st.sampled_from(["candidates", "usageMetadata", "responseId", "x"]), VALUES)  # fmt: skip
    fixed = [gemini.STOP, CALLED, {}, {"error": {"code": 500, "message": "m"}}]
    return st.one_of(texts, usual, usual, usual, thoughts, st.builds(counted, TEXTS, COUNTS, COUNTS),
                     finish, odd, st.sampled_from(fixed))  # fmt: skip


def _cohere() -> Any:
    texts = st.builds(lines.cohere_text, TEXTS)
    odd = st.builds(lambda value, key, item: {**value, key: item}, texts,
                    st.sampled_from(["is_finished", "index", "citations", "x"]), VALUES)  # fmt: skip
    return st.one_of(texts, texts, texts, odd, st.sampled_from([lines.cohere_end(), {}]))


def _ollama(key: str, made: Callable[[Any], dict[str, Any]]) -> Any:
    def said(number: int, word: Any) -> dict[str, Any]:
        return {**lines.ollama_made(number), "done": False, **made(word)}

    texts = st.builds(said, st.integers(0, 999), TEXTS)
    odd = st.builds(lambda value, name, item: {**value, name: item}, texts,
                    st.sampled_from([key, "done", "model", "created_at", "eval_count", "x"]), VALUES)  # fmt: skip
    end = {**said(5, ""), **lines.OLLAMA_DONE}
    return st.one_of(texts, texts, texts, odd, st.sampled_from([end, {}, {"error": "e"}]))


def _text() -> Any:
    texts = st.builds(completions.chunk, TEXTS)
    odd = st.builds(lambda value, key, item: {**value, key: item}, texts,
                    st.sampled_from(["id", "created", "model", "usage", "choices", "x"]), VALUES)  # fmt: skip
    fixed = [completions.STOP, completions.USED, {}, {"error": {"message": "m"}}]
    return st.one_of(texts, texts, texts, odd, st.sampled_from(fixed))


VALUES_OF = {
    "openai": _openai(),
    "groq": _openai(),
    "anthropic": _anthropic(),
    "gemini": _gemini(),
    "cohere": _cohere(),
    "ollama_chat": _ollama(
        "message", lambda word: {"message": {"role": "assistant", "content": word}}
    ),
    "ollama": _ollama("response", lambda word: {"response": word}),
    "text": _text(),
}
_BY_LINES = ("cohere", "ollama_chat", "ollama")


@st.composite
def streams(draw: Any, provider: str) -> bytes:
    by_lines = provider in _BY_LINES
    heads, ends = (st.just(b""), LINE_ENDS) if by_lines else (HEADS, BLANKS)
    separators, end, head = draw(SEPARATORS), draw(ends), draw(heads)
    odd = draw(st.booleans())
    parts = []
    for value in draw(st.lists(VALUES_OF[provider], max_size=14)):
        if odd:
            end, head = draw(ends), draw(heads)
        parts.append(head + dumps(value, separators=separators) + end)
    data = b"".join(parts) + draw(st.sampled_from([openai.DONE, b""]))
    return _damaged(data, draw(st.lists(DAMAGE, max_size=2))) if draw(st.booleans()) else data


def _damaged(data: bytes, damages: list[tuple[int, int, bytes]]) -> bytes:
    """With some bytes replaced by others."""
    for at, length, new in damages:
        at = at % (len(data) + 1)
        data = data[:at] + new + data[at + length :]
    return data
