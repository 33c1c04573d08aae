"""Odd streams by the thousand: each gives what LiteLLM gives."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openai_wire import DONE, ROLE, STOP, USED, chunk, dumps, named_tool, text, tool
from oracle import Bench

# The long run sets it to 100,000.
STREAMS = int(os.environ.get("LITELLM_BRIDGE_STREAMS", "2000"))

WORDS = st.sampled_from(
    ["a", "b", "abc", "abc", "the ", "\n", '"', "\\", "é", "😀", "\u2028", " ", ""]
)
TEXTS = st.one_of(WORDS, st.text(max_size=6))
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), TEXTS)
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(WORDS, SCALARS, max_size=2)
)

TEXT_CHUNKS = st.builds(text, TEXTS)
DELTAS = st.dictionaries(
    st.sampled_from(["content", "role", "reasoning_content", "refusal", "reasoning", "x"]),
    st.one_of(TEXTS, SCALARS),
    max_size=3,
)
CHUNKS = st.one_of(
    TEXT_CHUNKS,
    TEXT_CHUNKS,
    st.builds(lambda word: chunk({"reasoning_content": word}), TEXTS),
    st.builds(tool, TEXTS, st.integers(0, 1)),
    st.builds(lambda word, pad: text(word, obfuscation=pad), TEXTS, TEXTS),
    st.builds(chunk, DELTAS, st.sampled_from([None, None, None, "stop", ""])),
    st.builds(
        lambda value, key, item: {**value, key: item},
        TEXT_CHUNKS,
        st.sampled_from(["id", "model", "system_fingerprint", "created", "usage", "x", "choices"]),
        VALUES,
    ),
    st.sampled_from([ROLE, STOP, USED, named_tool("f"), {}, {"error": {"message": "m"}}]),
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": ")])
BLANKS = st.sampled_from([b"\n\n"] * 12 + [b"\r\n\r\n", b"\r\r", b"\n", b"\n\n\n", b"\r\n\n", b""])
LINES = st.sampled_from(
    [b"data: "] * 12 + [b"data:", b"id: 1\ndata: ", b": c\n\ndata: ", b"x", b""]
)


@st.composite
def streams(draw: Any) -> bytes:
    """Mostly good streams, so that there is something to learn, with oddities among them."""
    separators, blank, line = draw(SEPARATORS), draw(BLANKS), draw(LINES)
    odd = draw(st.booleans())
    parts = []
    for value in draw(st.lists(CHUNKS, max_size=14)):
        if odd:
            blank, line = draw(BLANKS), draw(LINES)
        parts.append(line + dumps(value, separators=separators) + blank)
    data = b"".join(parts) + draw(st.sampled_from([DONE, b"", sse_end(separators)]))
    return damaged(data, draw(st.lists(DAMAGE, max_size=2))) if draw(st.booleans()) else data


def sse_end(separators: Any) -> bytes:
    return b"data: " + dumps(STOP, separators=separators) + b"\n\n" + DONE


DAMAGE = st.tuples(st.integers(0, 4000), st.integers(0, 3), st.binary(max_size=3))


def damaged(data: bytes, damages: list[tuple[int, int, bytes]]) -> bytes:
    """With some bytes replaced by others."""
    for at, length, new in damages:
        at = at % (len(data) + 1)
        data = data[:at] + new + data[at + length :]
    return data


@pytest.fixture(scope="module")
def bench():
    return Bench("openai")


@settings(
    max_examples=STREAMS,
    deadline=None,
    derandomize=STREAMS <= 2000,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=streams(), marks=st.lists(st.integers(0, 4000), max_size=6), usage=st.booleans())
def test_generated_streams(bench, loop, data, marks, usage):
    places = [0, *sorted(mark % (len(data) + 1) for mark in marks), len(data)]
    pieces = [data[a:b] for a, b in zip(places, places[1:], strict=False) if a < b]
    options = {"stream_options": {"include_usage": True}} if usage else {}
    plain, fast = loop.run_until_complete(bench.both(pieces, **options))
    assert fast.facts() == plain.facts()
