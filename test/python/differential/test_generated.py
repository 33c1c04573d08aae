"""Odd streams by the thousand: each gives what LiteLLM gives."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from generated import VALUES_OF, streams
from oracle import Bench
from suite import same
from versions import IS_LOCKED

# scripts/differential.js sets them, part by part; the seed makes each part another one.
STREAMS = int(os.environ.get("LITELLM_BRIDGE_STREAMS", "2000" if IS_LOCKED else "400"))
SEED = int(os.environ.get("LITELLM_BRIDGE_SEED", "0"))
# OpenAI's format has as many as three others.
SHARES = {provider: 3 if provider == "openai" else 1 for provider in VALUES_OF}


@pytest.mark.parametrize("provider", VALUES_OF)
def test_generated_streams(provider, loop):
    bench = Bench(provider)

    @seed(SEED)
    @settings(
        max_examples=max(1, STREAMS * SHARES[provider] // sum(SHARES.values())),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        data=streams(provider),
        marks=st.lists(st.integers(0, 4000), max_size=6),
        usage=st.booleans(),
    )
    def all_same(data, marks, usage):
        places = [0, *sorted(mark % (len(data) + 1) for mark in marks), len(data)]
        pieces = [data[a:b] for a, b in zip(places, places[1:], strict=False) if a < b]
        options = {"stream_options": {"include_usage": True}} if usage else {}
        loop.run_until_complete(same(bench, pieces, **options))

    all_same()
