from __future__ import annotations

import os

import pytest

from peer import Worker

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no test reaches for the network


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
