"""Bedrock's streams give exactly what LiteLLM gives, for the same bytes in the same pieces."""

from __future__ import annotations

import pytest

import bedrock_corpus
from eventstream import messages
from litellm_bridge.fast.recipes import recipes
from oracle import LOST, Bench
from suite import feeds, same, same_at_every_cut
from versions import IS_LOCKED

CORPORA = bedrock_corpus.corpora()
MORE = bedrock_corpus.more()
FAST = bedrock_corpus.fast()
SHORT = bedrock_corpus.short()
PLAIN = bedrock_corpus.framed(bedrock_corpus.whole(bedrock_corpus.WORDS * 4))
USAGE = {"stream_options": {"include_usage": True}}
# Bytes are cut by code that LiteLLM's version does not change: on the newer one a part will do.
FEEDS, EACH = (4, 1) if IS_LOCKED else (2, 4)
MOST_GIVEN = 25  # events of a stream that LiteLLM has to be asked for


@pytest.fixture(scope="module")
def benches():
    return {name: Bench(name) for name in CORPORA}


def each(streams):
    return [(provider, name) for provider, named in streams.items() for name in named]


def test_the_corpora_are_large_enough():
    for name, streams in CORPORA.items():
        assert len(streams) + len(MORE.get(name, ())) >= 60, name


@pytest.mark.parametrize("provider, name", each(CORPORA)[::EACH])
def test_each_stream_in_each_feed(provider, name, benches, loop):
    bench, data = benches[provider], CORPORA[provider][name]

    async def compare():
        for pieces in feeds(name, data, events=messages(data))[:FEEDS]:
            await same(bench, pieces)
        await same(bench, messages(data), **USAGE)

    loop.run_until_complete(compare())


def test_the_thoughts_of_a_stream_are_its_own(benches, loop):
    """LiteLLM 1.103.7 tells them once more, with their signature."""
    recipes.clear()
    streams = CORPORA["bedrock anthropic"]
    for name in [*["blocks: thinking"] * 3, "blocks: thinking, other thoughts"]:
        loop.run_until_complete(same(benches["bedrock anthropic"], [streams[name]]))


@pytest.mark.parametrize("provider, name", each(MORE)[::EACH])
def test_more_streams_at_random_cuts(provider, name, benches, loop):
    data = MORE[provider][name]
    loop.run_until_complete(same(benches[provider], feeds(name, data)[-1]))


@pytest.mark.parametrize("name", list(SHORT)[::EACH])
def test_short_streams_cut_at_every_byte(name, benches, loop):
    loop.run_until_complete(same_at_every_cut(benches["bedrock"], SHORT[name]))


@pytest.mark.parametrize("at", [0, 1, 3, 6, 20, 33])
def test_a_lost_connection(at, benches, loop):
    """What LiteLLM held back of it is lost, too, where it holds back."""
    events = messages(PLAIN)
    loop.run_until_complete(same(benches["bedrock"], [*events[:at], LOST]))
    loop.run_until_complete(same(benches["bedrock"], [*events[:at], events[at][:9], LOST]))


@pytest.mark.parametrize("provider, name", each(FAST))
def test_what_is_fast(provider, name, benches, loop):
    """Without this, a fast path that is never taken would pass for exact."""
    data = FAST[provider][name]
    given = [loop.run_until_complete(same(benches[provider], [data])) for _ in range(4)]
    assert max(given) < MOST_GIVEN
