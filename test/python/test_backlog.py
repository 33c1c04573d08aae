"""LiteLLM's queue of finished calls, with its own worker."""

from __future__ import annotations

import asyncio
import sys

import pytest

from litellm_bridge import backlog
from versions import IS_LOCKED

pytestmark = pytest.mark.skipif(not IS_LOCKED, reason="a newer LiteLLM logs in parallel itself")
CALLS = 600


@pytest.fixture
def litellm_worker():
    """A new one in the place of LiteLLM's."""
    from litellm.litellm_core_utils import logging_worker as module

    assert sys.modules[backlog.MODULE] is module
    plain = module.GLOBAL_LOGGING_WORKER
    module.GLOBAL_LOGGING_WORKER = module.LoggingWorker()
    yield module.GLOBAL_LOGGING_WORKER
    module.GLOBAL_LOGGING_WORKER = plain


def longest_queue(worker, loop, help_out: bool) -> tuple[int, list[int]]:
    """Calls that finish faster than one at a time is logged: the longest queue, what was logged."""
    logged: list[int] = []

    async def log(number: int) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        if number % 50 == 0:
            raise ValueError("a callback of the application's")
        logged.append(number)

    async def load() -> int:
        longest = 0
        for number in range(CALLS):
            worker.ensure_initialized_and_enqueue(log(number))
            if help_out:
                backlog.relieve()
            await asyncio.sleep(0)
            longest = max(longest, worker._queue.qsize())
        await worker.flush()
        await worker.stop()
        return longest

    return loop.run_until_complete(load()), logged


def test_it_stays_short_and_each_call_is_logged_once(loop, litellm_worker):
    longest, logged = longest_queue(litellm_worker, loop, help_out=True)
    assert longest < 10 * backlog.LONG
    assert sorted(logged) == [number for number in range(CALLS) if number % 50]


def test_without_help_it_grows_with_the_calls(loop, litellm_worker):
    longest, _ = longest_queue(litellm_worker, loop, help_out=False)
    assert longest > CALLS / 2
