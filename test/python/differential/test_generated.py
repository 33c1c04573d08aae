"""Odd streams by the thousand: each gives what LiteLLM gives."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from connection import ConnectionBench
from generated import VALUES_OF, streams
from oracle import Bench
from suite import same
from versions import IS_LOCKED

# scripts/differential.js sets them, part by part; the seed makes each part another one.
STREAMS = int(os.environ.get("LITELLM_BRIDGE_STREAMS", "2000" if IS_LOCKED else "400"))
SEED = int(os.environ.get("LITELLM_BRIDGE_SEED", "0"))
PACED = ("openai", "anthropic", "gemini")
# OpenAI's format has as many as three others.
SHARES = {provider: 3 if provider == "openai" else 1 for provider in VALUES_OF}


def _tried(count: int):
    return settings(
        max_examples=max(1, count),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def _cut(data, places):
    places = [0, *sorted({*places, len(data)} - {0})]
    return [data[a:b] for a, b in zip(places, places[1:], strict=False)]


def _options(usage):
    return {"stream_options": {"include_usage": True}} if usage else {}


MARKS = st.lists(st.integers(0, 4000), max_size=6)


@pytest.mark.parametrize("provider", VALUES_OF)
def test_generated_streams(provider, loop):
    bench = Bench(provider)

    @seed(SEED)
    @_tried(STREAMS * SHARES[provider] // sum(SHARES.values()))
    @given(data=streams(provider), marks=MARKS, usage=st.booleans())
    def all_same(data, marks, usage):
        pieces = _cut(data, [mark % (len(data) + 1) for mark in marks])
        loop.run_until_complete(same(bench, pieces, **_options(usage)))

    all_same()


@pytest.mark.parametrize("provider", PACED)
def test_generated_streams_event_by_event(provider, loop):
    """Through a connection, most events in a read of their own (`fast/lane.py`)."""
    bench = ConnectionBench(provider)

    @seed(SEED)
    @_tried(STREAMS // 5 // len(PACED))
    @given(data=streams(provider), marks=MARKS, usage=st.booleans())
    def all_same(data, marks, usage):
        ends = [match.end() for match in re.finditer(rb"\n\n|\r\n\r\n", data)]
        pieces = _cut(data, [*ends, *(mark % (len(data) + 1) for mark in marks)])
        loop.run_until_complete(same(bench, pieces, **_options(usage)))

    all_same()
