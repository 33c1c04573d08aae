"""LiteLLM's set-up of a warm call runs on the loop, not on a thread.

`acompletion` gives all its preparation to the loop's default executor, since some of it may block:
credentials that are fetched, images that are downloaded. For most calls it does nothing but
compute, and the GIL makes the loop wait for it anyway; what remains of the hop is waking a thread,
two changes of the GIL's owner, and waking the loop again, all before the request leaves.

Safe, because only calls are run in place whose set-up was seen to block nowhere: providers of a
list, plain texts for messages, small ones, no callbacks, secret
managers or mock answers, and not the first call of its kind, which imports modules. All else goes
to a thread, as ever; so does what is not LiteLLM's.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from types import ModuleType
from typing import Any

from . import listeners

PROVIDERS = frozenset(
    (
        "anthropic",
        "azure",
        "deepseek",
        "gemini",
        "groq",
        "hosted_vllm",
        "mistral",
        "openai",
        "openrouter",
        "xai",
    )
)
MOST_TEXT = 64 * 1024  # characters of all messages; more is worth a thread
# What makes the set-up more than computing.
_SPECIAL = (
    "fallbacks",
    "metadata",
    "mock_delay",
    "mock_response",
    "mock_timeout",
    "mock_tool_calls",
    "model_list",
    "prompt_id",
    "web_search_options",
)

Kind = tuple[str, bool]  # model, whether streamed


class SetUpExecutor(ThreadPoolExecutor):
    """A loop's default executor. submit() is called on the loop's thread, or on any other."""

    def __init__(self, litellm: ModuleType) -> None:
        super().__init__(thread_name_prefix="litellm-bridge-default")
        self._litellm: Any = litellm
        self._completion = getattr(litellm, "completion", None)
        self._thread = threading.get_ident()  # the loop's
        self._warm: set[Kind] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        arguments = None if args or kwargs else set_up_of(fn, self._completion)
        if arguments is None or not self._computes_only(arguments):
            return super().submit(fn, *args, **kwargs)
        kind = (str(arguments["model"]), bool(arguments.get("stream")))
        if kind not in self._warm:
            self._warm.add(kind)
            return super().submit(fn)
        return run_now(fn)

    def _computes_only(self, arguments: Mapping[str, Any]) -> bool:
        litellm = self._litellm
        return (
            threading.get_ident() == self._thread
            and self._has_plain_provider(arguments)
            and not any(arguments.get(name) for name in _SPECIAL)
            and not listeners.anybody(litellm, listeners.EVERY)
            and getattr(litellm, "secret_manager_client", None) is None
            and litellm.cache is None
            and is_small_text(arguments.get("messages"))
        )

    def _has_plain_provider(self, arguments: Mapping[str, Any]) -> bool:
        """Azure fetches a token where it has no key."""
        provider = provider_of(arguments, self._litellm)
        if provider == "azure":
            return isinstance(arguments.get("api_key"), str) or "AZURE_API_KEY" in os.environ
        return provider in PROVIDERS


def set_up_of(work: Any, completion: Any) -> Mapping[str, Any] | None:
    """The arguments of `completion`, where work is acompletion's set-up; else None."""
    if type(work) is not functools.partial or work.keywords or len(work.args) != 1:
        return None
    (inner,) = work.args
    if not isinstance(getattr(work.func, "__self__", None), Context):
        return None
    if type(inner) is not functools.partial or inner.func is not completion or inner.args:
        return None
    return inner.keywords if inner.keywords.get("acompletion") is True else None


def provider_of(arguments: Mapping[str, Any], litellm: Any) -> str:
    """As the caller names it; "" where LiteLLM would have to look it up."""
    provider = arguments.get("custom_llm_provider")
    if isinstance(provider, str):
        return provider
    model = str(arguments.get("model"))
    head, found, _ = model.partition("/")
    if found:
        return head
    return "openai" if model in litellm.open_ai_chat_completion_models else ""


def is_small_text(messages: Any) -> bool:
    if not isinstance(messages, list):
        return False
    size = 0
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, str):
            return False
        size += len(content)
    return size <= MOST_TEXT


def run_now(work: Callable[[], Any]) -> Future[Any]:
    future: Future[Any] = Future()
    try:
        future.set_result(work())
    except BaseException as exc:  # the executor's own way with it
        future.set_exception(exc)
    return future
