"""What LiteLLM's caches, budgets and callbacks see of a fast stream is what they see of a plain one."""

from __future__ import annotations

import asyncio
import json
from importlib.util import find_spec
from typing import Any

import litellm
import pytest
from litellm.integrations.custom_logger import CustomLogger

import anthropic_corpus
import gemini_corpus
import openai_wire
from contents import WORDS
from oracle import Bench, fastly, normal, plainly
from versions import IS_LOCKED

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


@pytest.mark.skipif(
    not IS_LOCKED and find_spec("fastapi") is None,
    reason="the newer LiteLLM's cache imports its proxy, which wants fastapi: not in its lock",
)
@pytest.mark.parametrize("provider", STREAMS)
def test_the_cache(provider, benches, loop, monkeypatch):
    """Its entry is the same, and the next call is answered from it with the same chunks."""
    bench, data = benches[provider], STREAMS[provider]

    async def entries(way):
        monkeypatch.setattr(litellm, "cache", litellm.Cache())
        first = await bench.run(way, [data], caching=True)
        await until(lambda: litellm.cache.cache.cache_dict)  # written by a task of its own
        second = await bench.run(plainly, [b""], caching=True)
        stored = litellm.cache.cache.cache_dict.values()
        return [json.loads(value["response"]) for value in stored], first.chunks, second.chunks

    async def compare():
        await warm(bench, data)
        return [await entries(way) for way in WAYS]

    plain, fast = loop.run_until_complete(compare())
    assert plain[0] and "".join(WORDS) in json.dumps(plain[0])
    assert normal(fast) == normal(plain)


class Ledger(CustomLogger):
    """Budgets as LiteLLM's users keep them: its own count of streams is always 0."""

    def __init__(self) -> None:
        super().__init__()
        self.manager = litellm.BudgetManager(project_name="test", client_type="local")
        self.manager.save_data = lambda: None  # by a thread, into whatever folder is current then
        self.user = ""

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        if self.user:
            self.manager.update_cost(user=self.user, completion_obj=response_obj)

    async def spent(self) -> float:
        """The callbacks run one after the other, this one maybe not yet."""
        await until(lambda: self.manager.get_current_cost(self.user))
        return self.manager.get_current_cost(self.user)


async def until(happened) -> None:
    for _ in range(1000):
        if happened():
            return
        await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """LiteLLM takes one callback of each class."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("ledger"))  # where the manager would look for a file
        ledger = Ledger()
        yield ledger
        ledger.user = ""  # LiteLLM goes on calling it


@pytest.mark.parametrize("provider", STREAMS)
def test_the_budget(provider, ledger, benches, loop, monkeypatch):
    bench, data = benches[provider], STREAMS[provider]

    async def spent(way):
        ledger.user = f"{provider} {way.__name__}"
        ledger.manager.create_budget(total_budget=1, user=ledger.user)
        await bench.run(way, [data], expected=1)
        return await ledger.spent()

    async def compare():
        await warm(bench, data)
        monkeypatch.setattr(bench, "callbacks", [ledger])
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
