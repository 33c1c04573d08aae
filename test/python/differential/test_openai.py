"""The fast path gives exactly what LiteLLM gives, for the same bytes in the same pieces."""

from __future__ import annotations

import random
from importlib import metadata

import pytest

from openai_corpus import corpus, short
from openai_wire import WORDS, chunk, named_tool, text, texts, tool, whole
from oracle import LOST, Bench

CORPUS = corpus()
SHORT = short()
OPTIONS = ({}, {"stream_options": {"include_usage": True}})
BYTEWISE = 6000  # bytes; a longer stream is fed in pieces of more than one byte


# Providers whose events LiteLLM reads line by line. Newer versions have another reader for them,
# which the fast path leaves alone.
BY_LINES = ["groq"] if metadata.version("litellm") == "1.78.7" else []


@pytest.fixture(scope="module")
def benches():
    return {name: Bench(name) for name in ("openai", "azure", *BY_LINES)}


def cuts(name: str, data: bytes) -> list[list[bytes]]:
    """The stream whole, per event, byte by byte (or nearly), and at random places."""
    step = 1 if len(data) < BYTEWISE else len(data) // 997
    events = [event + b"\n\n" for event in data.split(b"\n\n")]
    places = random.Random(name)
    marks = sorted(places.randrange(len(data) + 1) for _ in range(12))
    pieces = [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]
    bytewise = [data[at : at + step] for at in range(0, len(data), step)]
    return [[data], events, bytewise, [piece for piece in pieces if piece]]


async def same(bench: Bench, pieces, **options) -> int:
    """How many events LiteLLM was given."""
    plain, fast = await bench.both(pieces, **options)
    assert fast.facts() == plain.facts(), pieces[:3]
    return fast.given


@pytest.mark.parametrize("name", CORPUS)
def test_each_stream_in_each_cut(name, benches, loop):
    async def compare():
        for pieces in cuts(name, CORPUS[name]):
            for options in OPTIONS:
                await same(benches["openai"], pieces, **options)
        await same(benches["azure"], [CORPUS[name]])
        for provider in BY_LINES:
            for pieces in cuts(name, CORPUS[name]):
                await same(benches[provider], pieces)

    loop.run_until_complete(compare())


@pytest.mark.parametrize("name", SHORT)
def test_short_streams_cut_at_every_byte(name, benches, loop):
    data = SHORT[name]

    async def compare():
        for at in range(1, len(data)):
            await same(benches["openai"], [data[:at], data[at:]])
            for provider in BY_LINES:
                await same(benches[provider], [data[:at], data[at:]])

    loop.run_until_complete(compare())


@pytest.mark.parametrize("at", [0, 1, 3, 6])
def test_a_lost_connection(at, benches, loop):
    events = [event + b"\n\n" for event in whole(*texts(WORDS)).split(b"\n\n")]
    pieces = [*events[:at], LOST]
    for bench in benches.values():
        loop.run_until_complete(same(bench, pieces))
        loop.run_until_complete(same(bench, [*events[:at], b"data: {", LOST]))


LETTERS = [f"{number} " for number in range(100)]
FAST = {
    "text": whole(*texts(LETTERS)),
    "text with CRLF": whole(*texts(LETTERS)).replace(b"\n", b"\r\n"),
    "text with padding": whole(*(text(c, obfuscation=f"pad {c}") for c in LETTERS)),
    "text with filter results": whole(
        *(
            text(c, choice={"content_filter_results": {"hate": {"filtered": False}}})
            for c in LETTERS
        )
    ),
    "text between comments": whole(*texts(LETTERS)).replace(b"data: {", b": ping\ndata: {"),
    "reasoning": whole(*(chunk({"reasoning_content": c}) for c in LETTERS)),
    "arguments": whole(named_tool("f"), *map(tool, LETTERS)),
}


@pytest.mark.parametrize("name", FAST)
def test_what_is_fast(name, benches, loop):
    """Without this, a fast path that is never taken would pass for exact. A line is an item of
    its own where lines are read; there LiteLLM drops padding, so that it is not learnt."""
    for provider, bench in benches.items():
        if provider in BY_LINES and "padding" in name:
            continue
        assert loop.run_until_complete(same(bench, [FAST[name]])) < 20
