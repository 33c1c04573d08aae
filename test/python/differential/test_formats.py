"""Each provider family's streams give exactly what LiteLLM gives, for the same bytes."""

from __future__ import annotations

import pytest

import anthropic_corpus
import gemini_corpus
import lines_corpus
import text_corpus
from litellm_bridge.fast.recipes import recipes
from oracle import Bench, fastly
from providers import GEMINI_PLAIN, gemini
from suite import feeds, same, same_at_every_cut, same_when_lost
from versions import IS_LOCKED


def half(streams, odd):
    """Ollama's two readers share one format's ten."""
    return {name: stream for n, (name, stream) in enumerate(streams.items()) if n % 2 == odd}


CORPORA = {
    "anthropic": anthropic_corpus.corpus(),
    "gemini": gemini_corpus.corpus(),
    "cohere": lines_corpus.cohere(),
    "ollama_chat": lines_corpus.ollama_chat(),
    "ollama": lines_corpus.ollama(),
    "text": text_corpus.corpus(),
}
SHORT = {
    "anthropic": anthropic_corpus.short(),
    "gemini": gemini_corpus.short(),
    "cohere": lines_corpus.short_cohere(),
    "ollama_chat": half(lines_corpus.short_chat(), 0),
    "ollama": half(lines_corpus.short_generated(), 1),
    "text": text_corpus.short(),
}
PLAIN = {
    "anthropic": anthropic_corpus.PLAIN,
    "gemini": gemini_corpus.PLAIN,
    "cohere": lines_corpus.cohere_whole(lines_corpus.WORDS),
    "ollama_chat": lines_corpus.chat(lines_corpus.WORDS),
    "ollama": lines_corpus.generated(lines_corpus.WORDS),
    "text": text_corpus.PLAIN,
}
FAST = {
    "anthropic": anthropic_corpus.fast(),
    "gemini": gemini_corpus.fast(),
    "cohere": {"text": lines_corpus.cohere_whole(lines_corpus.MANY)},
    "ollama_chat": {"text": lines_corpus.chat(lines_corpus.MANY)},
    "ollama": {"text": lines_corpus.generated(lines_corpus.MANY)},
    "text": text_corpus.fast(),
}
BY_LINES = ("cohere", "cohere 2", "ollama_chat", "ollama")
if not IS_LOCKED:  # LiteLLM 1.78.7 asks version 1 alone
    CORPORA["cohere 2"] = lines_corpus.cohere2()
    PLAIN["cohere 2"] = lines_corpus.cohere2_whole(lines_corpus.WORDS)
    FAST["cohere 2"] = {"text": lines_corpus.cohere2_whole(lines_corpus.MANY)}
USAGE = {"stream_options": {"include_usage": True}}
# A line that LiteLLM reads is a chunk to it, blank or not: three of an event of Anthropic's.
MOST_GIVEN = 45


@pytest.fixture(scope="module")
def benches():
    return {name: Bench(name) for name in CORPORA}


def each(streams):
    return [(provider, name) for provider, named in streams.items() for name in named]


def end_of(provider):
    return b"\n" if provider in BY_LINES else b"\n\n"


def test_the_corpora_are_large_enough():
    assert min(map(len, CORPORA.values())) >= 60


@pytest.mark.parametrize("provider, name", each(CORPORA))
def test_each_stream_in_each_feed(provider, name, benches, loop):
    bench, data = benches[provider], CORPORA[provider][name]

    async def compare():
        *others, cut = feeds(name, data, end_of(provider))
        await same(bench, cut)
        if not IS_LOCKED:  # where all the rest is compared
            return
        for pieces in others:
            await same(bench, pieces)
        await same(bench, cut, **USAGE)

    loop.run_until_complete(compare())


@pytest.mark.parametrize("provider, name", each(SHORT))
def test_short_streams_cut_at_every_byte(provider, name, benches, loop):
    loop.run_until_complete(same_at_every_cut(benches[provider], SHORT[provider][name]))


@pytest.mark.parametrize("provider", PLAIN)
def test_a_lost_connection(provider, benches, loop):
    lost = same_when_lost(benches[provider], PLAIN[provider], end_of(provider))
    loop.run_until_complete(lost)


@pytest.mark.parametrize("provider, name", each(FAST))
def test_what_is_fast(provider, name, benches, loop):
    """Without this, a fast path that is never taken would pass for exact.

    Of a process without a past: an odd stream may have shown that LiteLLM can't be foretold.
    """
    recipes.clear()
    data = FAST[provider][name]
    given = [loop.run_until_complete(same(benches[provider], [data])) for _ in range(4)]
    assert given[0] < MOST_GIVEN
    assert given[-1] <= given[0]


@pytest.mark.skipif(not IS_LOCKED, reason="newer versions of LiteLLM end by themselves")
def test_a_first_event_of_geminis_that_was_cut(benches, loop, monkeypatch):
    """LiteLLM never comes to an end with it, in a loop that blocks the process."""
    reader = gemini.ModelResponseIterator
    monkeypatch.setattr(reader, "handle_accumulated_json_chunk", GEMINI_PLAIN)
    cut = gemini_corpus.PLAIN[:60]
    outcome = loop.run_until_complete(benches["gemini"].run(fastly, [cut]))
    assert outcome.error is None
    assert [chunk["choices"][0]["finish_reason"] for chunk in outcome.chunks] == ["stop"]
