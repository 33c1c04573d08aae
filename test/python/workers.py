"""Fixtures that the tests of the worker and those of TLS share."""

from __future__ import annotations

import asyncio

import pytest

from peer import Worker


@pytest.fixture(scope="session")
def loop():
    """One for all, as in the worker: LiteLLM's clients and queues belong to it."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@pytest.fixture
def spawn():
    """Starts workers, and ends them after the test."""
    workers: list[Worker] = []

    def start(**options) -> Worker:
        workers.append(Worker(**options))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
