"""The fast path gives exactly what LiteLLM gives, for the same bytes in the same pieces."""

from __future__ import annotations

import pytest

from litellm_bridge.fast.recipes import recipes
from openai_corpus import corpus, short
from openai_wire import WORDS, chunk, named_tool, text, texts, tool, whole
from oracle import Bench
from suite import feeds, same, same_at_every_cut, same_when_lost
from versions import IS_LOCKED

CORPUS = corpus()
SHORT = short()
USAGE = {"stream_options": {"include_usage": True}}
# Providers whose events LiteLLM reads line by line, with each of its readers.
BY_LINES = ["groq", "mistral", "openrouter"]


@pytest.fixture(scope="module")
def benches():
    return {name: Bench(name) for name in ("openai", "azure", *BY_LINES)}


@pytest.mark.parametrize("name", CORPUS)
def test_each_stream_in_each_cut(name, benches, loop):
    async def compare():
        *others, cut = feeds(name, CORPUS[name])
        for provider in ("openai", "groq"):
            await same(benches[provider], cut)
        if not IS_LOCKED:  # where all the rest is compared
            return
        for pieces in others:
            await same(benches["openai"], pieces)
        for pieces in (others[0], cut):
            await same(benches["openai"], pieces, **USAGE)
        for provider in ("azure", "mistral", "openrouter"):
            await same(benches[provider], cut)

    loop.run_until_complete(compare())


@pytest.mark.parametrize("name", SHORT)
def test_short_streams_cut_at_every_byte(name, benches, loop):
    data = SHORT[name]

    async def compare():
        for provider in ("openai", "groq"):
            await same_at_every_cut(benches[provider], data)

    loop.run_until_complete(compare())


@pytest.mark.parametrize("provider", ["openai", "azure", *BY_LINES])
def test_a_lost_connection(provider, benches, loop):
    loop.run_until_complete(same_when_lost(benches[provider], whole(*texts(WORDS))))


@pytest.mark.parametrize("flags", [(1, True), (0, False), (0.0, -0.0)])
def test_a_constant_that_becomes_an_equal_one_of_another_type(flags, benches, loop):
    chunks = [text(word, flag=flag) for flag in flags for word in WORDS]
    _, events, *_ = feeds("flags", whole(*chunks))
    loop.run_until_complete(same(benches["openai"], events))


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
    """Without this, a fast path that is never taken would pass for exact.

    Of a process without a past: an odd stream may have shown that LiteLLM can't be foretold.
    """
    recipes.clear()
    for bench in benches.values():
        assert loop.run_until_complete(same(bench, [FAST[name]])) < 20


def test_an_odd_stream_takes_nothing_from_the_others(benches, loop):
    """What it taught is true of its own kind of events alone."""
    recipes.clear()
    odd = CORPUS["head: id each"]
    for data in (FAST["text"], odd, odd, FAST["text"]):
        given = loop.run_until_complete(same(benches["openai"], [data]))
    assert given < 20
