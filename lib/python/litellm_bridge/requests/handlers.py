"""LiteLLM's success handlers rest while nobody listens to them.

After each call LiteLLM works out its cost anew and puts a payload for loggers together, once in a
task and, for a stream, once more in a thread, whether or not there is a logger: 0.5 ms of CPU
for a whole call, 0.75 ms for a stream, which the next call waits for.

Safe, because all that they leave behind is in the call's own logging object, which goes away with
the call; usage and cost that the bridge tells are worked out from the response itself. With a
callback of any kind (a Router is one, too), with a cache, a budget or debug output the handlers
run as ever. It is looked at call by call, so callbacks may come and go.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..measures.fitness import Unfit
from . import listeners

# Calls of which nothing but what a response says is told: no batches, no files.
_CALL_TYPES = frozenset(
    (
        "completion",
        "acompletion",
        "text_completion",
        "atext_completion",
        "embedding",
        "aembedding",
    )
)
_OWN_LISTENERS = ("dynamic_success_callbacks", "dynamic_async_success_callbacks")


class Audience:
    """Whether anybody wants to know of a call's success. Used on any thread."""

    def __init__(self, litellm: Any) -> None:
        self._litellm = litellm

    def hears(self, log: Any) -> bool:
        """log: LiteLLM's logging object of the call."""
        litellm = self._litellm
        return bool(
            listeners.anybody(litellm, listeners.OF_SUCCESS)
            or listeners.anybody(log, _OWN_LISTENERS)
            or litellm.max_budget
            or litellm.cache is not None
            or litellm.set_verbose
            or litellm.verbose_logger.isEnabledFor(logging.DEBUG)
            or log.call_type not in _CALL_TYPES
        )


class QuietExecutor:
    """Where the stream wrapper submits its work: leaves out a handler that nobody hears."""

    def __init__(self, executor: Any, handler: Callable[..., Any], audience: Audience) -> None:
        self._executor = executor
        self._handler = handler
        self._audience = audience

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """None in place of a future, which LiteLLM does not look at."""
        if getattr(work, "__func__", None) is self._handler:
            log = getattr(work, "__self__", None)
            if log is not None and not self._audience.hears(log):
                return None
        return self._executor.submit(work, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)


def install(litellm: ModuleType) -> None:
    """Patches the two handlers of LiteLLM's logging class. Unfit: it has none such."""
    from litellm.litellm_core_utils import litellm_logging, streaming_handler

    _check(litellm, litellm_logging.Logging, streaming_handler)
    logging_class: Any = litellm_logging.Logging
    audience = Audience(litellm)
    plain, plain_async = logging_class.success_handler, logging_class.async_success_handler

    @functools.wraps(plain)
    def success_handler(self: Any, *args: Any, **kwargs: Any) -> Any:
        return plain(self, *args, **kwargs) if audience.hears(self) else None

    @functools.wraps(plain_async)
    async def async_success_handler(self: Any, *args: Any, **kwargs: Any) -> Any:
        return await plain_async(self, *args, **kwargs) if audience.hears(self) else None

    logging_class.success_handler = success_handler
    logging_class.async_success_handler = async_success_handler
    streaming_handler.executor = QuietExecutor(
        streaming_handler.executor, success_handler, audience
    )


def _check(litellm: Any, logging_class: Any, streaming_handler: Any) -> None:
    for name in (*listeners.OF_SUCCESS, "max_budget", "cache", "set_verbose", "verbose_logger"):
        if not hasattr(litellm, name):
            raise Unfit(f"litellm.{name} is gone")
    for name in ("success_handler", "async_success_handler"):
        if not callable(getattr(logging_class, name, None)):
            raise Unfit(f"Logging.{name} is gone")
    if not callable(getattr(getattr(streaming_handler, "executor", None), "submit", None)):
        raise Unfit("the stream wrapper's executor is gone")
