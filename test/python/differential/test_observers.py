"""What LiteLLM's caches, budgets and callbacks see of a fast stream is what they see of a plain one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import litellm
import pytest
from litellm.integrations.custom_logger import CustomLogger

import anthropic_corpus
import gemini_corpus
import openai_wire
from contents import WORDS
from oracle import Bench, fastly, normal, plainly

STREAMS = {
    "openai": openai_wire.PLAIN,
    "anthropic": anthropic_corpus.PLAIN,
    "gemini": gemini_corpus.PLAIN,
}
WAYS = (plainly, fastly)


@pytest.fixture(scope="module")
def benches():
    return {name: Bench(name) for name in STREAMS}


async def warm(bench: Bench, data: bytes) -> None:
    """Until its recipes are known, so that it is LiteLLM that sees the least."""
    for _ in range(4):
        assert (await bench.run(fastly, [data])).error is None


@pytest.mark.parametrize("provider", STREAMS)
def test_the_cache(provider, benches, loop, monkeypatch):
    """Its entry is the same, and the next call is answered from it with the same chunks."""
    bench, data = benches[provider], STREAMS[provider]

    async def entries(way):
        monkeypatch.setattr(litellm, "cache", litellm.Cache())
        first = await bench.run(way, [data], caching=True)
        second = await bench.run(plainly, [b""], caching=True)
        stored = litellm.cache.cache.cache_dict.values()
        return [json.loads(value["response"]) for value in stored], first.chunks, second.chunks

    async def compare():
        await warm(bench, data)
        return [await entries(way) for way in WAYS]

    plain, fast = loop.run_until_complete(compare())
    assert plain[0] and "".join(WORDS) in json.dumps(plain[0])
    assert normal(fast) == normal(plain)


@pytest.mark.parametrize("provider", STREAMS)
def test_the_budget(provider, benches, loop, monkeypatch):
    """litellm.max_budget counts what a stream cost, and refuses the call after."""
    bench, data = benches[provider], STREAMS[provider]
    monkeypatch.setattr(litellm, "max_budget", 1e-9)

    async def spent(way):
        monkeypatch.setattr(litellm, "_current_cost", 0)
        await bench.run(way, [data])
        for _ in range(500):  # LiteLLM counts in a thread
            if litellm._current_cost:
                break
            await asyncio.sleep(0.01)
        with pytest.raises(litellm.BudgetExceededError):
            await bench.open()
        return litellm._current_cost

    async def compare():
        monkeypatch.setattr(litellm, "max_budget", 1e9)
        await warm(bench, data)
        monkeypatch.setattr(litellm, "max_budget", 1e-9)
        return [await spent(way) for way in WAYS]

    plain, fast = loop.run_until_complete(compare())
    assert fast == plain > 0


class Watcher(CustomLogger):
    """Every hook that LiteLLM may call for a stream."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def log_stream_event(self, kwargs, response_obj, start_time, end_time):
        self.seen.append(("stream", response_obj))

    async def async_log_stream_event(self, kwargs, response_obj, start_time, end_time):
        self.seen.append(("async stream", response_obj))

    async def async_post_call_streaming_deployment_hook(
        self, request_data, response_chunk, call_type
    ):
        self.seen.append(("hook", response_chunk.model_dump()))
        return None


@pytest.mark.parametrize("provider", STREAMS)
def test_the_hooks_of_a_stream(provider, benches, loop, monkeypatch):
    bench, data = benches[provider], STREAMS[provider]
    watcher = Watcher()
    monkeypatch.setattr(bench, "callbacks", [watcher])

    async def watched(way):
        watcher.seen = []
        outcome = await bench.run(way, [data])
        return watcher.seen, outcome.chunks

    async def compare():
        await warm(bench, data)
        return [await watched(way) for way in WAYS]

    plain, fast = loop.run_until_complete(compare())
    assert normal(fast) == normal(plain)
    assert plain[0] or provider == "gemini"  # whose last chunk LiteLLM makes itself, without hooks
