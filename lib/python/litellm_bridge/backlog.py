"""Keeps LiteLLM's queue of finished calls short, which would otherwise grow without bound.

LiteLLM logs its finished calls one after another, a few turns of the loop each, while calls that
run in parallel finish several in a turn. Under load the queue then grows by the call, each with
its whole answer, up to 50,000. Here further hands help while it is longer than it should be.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

MODULE = "litellm.litellm_core_utils.logging_worker"  # LiteLLM imports it with its first call
LONG = 16  # finished calls
HANDS = 8

_logger = logging.getLogger("litellm_bridge")
_hands: set[asyncio.Task[None]] = set()


def relieve() -> None:
    """Takes on a hand when the queue is long. On the loop, after each call; costs next to nothing.

    A LiteLLM that works in parallel itself is left alone.
    """
    worker = getattr(sys.modules.get(MODULE), "GLOBAL_LOGGING_WORKER", None)
    queue = getattr(worker, "_queue", None)
    if not isinstance(queue, asyncio.Queue) or hasattr(worker, "concurrency"):
        return
    if queue.qsize() > LONG * (len(_hands) + 1) and len(_hands) < HANDS:
        task = asyncio.get_running_loop().create_task(
            _help(queue, getattr(worker, "timeout", 20.0))
        )
        _hands.add(task)
        task.add_done_callback(_hands.discard)


async def _help(queue: asyncio.Queue[Any], timeout_s: float) -> None:
    """Does as LiteLLM's own worker does, until the queue is short again."""
    while queue.qsize() > LONG:
        entry = queue.get_nowait()
        try:
            logged = entry["context"].run(asyncio.create_task, entry["coroutine"])
            await asyncio.wait_for(logged, timeout_s)
        except Exception:
            _logger.exception("a finished call could not be logged")
        finally:
            queue.task_done()
