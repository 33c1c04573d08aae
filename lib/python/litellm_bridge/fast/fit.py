"""Which streams the fast path fits, and whether LiteLLM's internals are those that it knows."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from ..accounts import is_of_router
from ..generators import locals_of
from .formats import Fit, find
from .switch import switch

if TYPE_CHECKING:
    from ..calls import Call

# What is read or written of LiteLLM's CustomStreamWrapper, with its type.
ATTRIBUTES = {
    "chunks": list,
    "response_uptil_now": str,
    "sent_first_chunk": bool,
    "merge_reasoning_content_in_choices": bool,
}


class Plan(NamedTuple):
    """A stream that the fast path may fit; nothing of it has been read."""

    source: Any  # what gives the chunks
    wrapper: Any  # LiteLLM's stream wrapper below it; None: it is made with the first chunk


def planned(call: Call, source: Any) -> Plan | None:
    """None: the stream goes LiteLLM's own way. Never raises."""
    import litellm

    wrapper = getattr(litellm, "CustomStreamWrapper", None)
    if not switch.on or wrapper is None:
        return None
    if type(source) is wrapper:
        known = hasattr(source, "completion_stream")
        return Plan(source, source) if known else None
    if type(source) is getattr(litellm, "TextCompletionStreamWrapper", None):
        return Plan(source, call.wrappers[-1] if call.wrappers else None)
    inner = _of_router(source)
    return Plan(source, inner) if type(inner) is wrapper else None


def _of_router(source: Any) -> Any:
    """The wrapper inside the Router's, which yields what it yields until that fails: then it asks
    another deployment, and yields what that one gives. None: it is no such stream."""
    if not is_of_router(source):
        return None
    known = locals_of(getattr(source, "_async_generator", None), "stream_with_fallbacks")
    return None if "item" in known else known.get("model_response")


def fitting(wrapper: Any) -> Fit | None:
    """None: the stream goes LiteLLM's own way. Nothing of it may have been read. Never raises."""
    if not switch.on:
        return None
    try:
        return _fit(wrapper)
    except AttributeError as exc:
        switch.off(f"LiteLLM's internals are not as expected ({exc})")
        return None


def _fit(wrapper: Any) -> Fit | None:
    import litellm

    if type(wrapper) is not litellm.CustomStreamWrapper:
        return None
    _check_wrapper(wrapper)
    fit = find(wrapper.completion_stream)
    if fit is None or not _is_plain(litellm, wrapper):
        return None
    response = fit.response
    unread = not (response.is_stream_consumed or response.is_closed)
    return fit if unread and not hasattr(response, "_content") else None


def _check_wrapper(wrapper: Any) -> None:
    for name, kind in ATTRIBUTES.items():
        if type(getattr(wrapper, name)) is not kind:
            raise AttributeError(f"CustomStreamWrapper.{name} is no {kind.__name__}")
    if not inspect.iscoroutinefunction(type(wrapper).__anext__):
        raise AttributeError("CustomStreamWrapper.__anext__ is no coroutine function")
    if not hasattr(wrapper.logging_obj, "completion_start_time"):
        raise AttributeError("the logging object has no completion_start_time")


def _is_plain(litellm: Any, wrapper: Any) -> bool:
    """Whether nobody asked LiteLLM to do something with each chunk that can be seen outside."""
    debugging = litellm.verbose_logger.isEnabledFor(logging.DEBUG) or litellm.set_verbose
    limited = getattr(litellm.constants, "LITELLM_MAX_STREAMING_DURATION_SECONDS", None)
    return not (
        debugging
        or limited is not None
        or litellm.post_call_rules
        or wrapper.merge_reasoning_content_in_choices
        or wrapper.custom_llm_provider == "sagemaker"  # it holds back special tokens
    )


def repetition_limit() -> int:
    import litellm

    return int(litellm.REPEATED_STREAMING_CHUNK_LIMIT)
