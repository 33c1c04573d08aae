"""A provider's answer is not written out again for listeners that are not there.

LiteLLM makes a text of each whole answer, twice a call (its client's handler and the one above it
tell of the same answer), and a second text of that for a debug line that nobody has asked for: 33
ms of CPU for an answer of 10 MB.

Safe, because the text is for callbacks and debug output alone: with a callback of any kind, a
logger function or debug output in force LiteLLM writes as ever. Otherwise the call's details, which
go away with the call, hold the answer itself. It is looked at call by call.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from ..measures.fitness import require
from . import listeners
from .handlers import Audience

_OWN_LISTENERS = (
    "dynamic_input_callbacks",
    "dynamic_failure_callbacks",
    "dynamic_async_failure_callbacks",
    "logger_fn",
    "litellm_request_debug",
)


def install(litellm: ModuleType) -> None:
    """Patches `post_call` of LiteLLM's logging class. Unfit: it is another."""
    from litellm.litellm_core_utils.litellm_logging import Logging

    logging_class: Any = Logging
    plain = logging_class.post_call
    code = plain.__code__
    names = ("self", "original_response", "input", "api_key", "additional_args")
    require(code.co_varnames[: code.co_argcount] == names, "post_call takes what it took")
    for name in listeners.EVERY:
        require(hasattr(litellm, name), f"litellm.{name} is there")
    audience = Audience(litellm)

    @functools.wraps(plain)
    def post_call(
        self: Any,
        original_response: Any,
        input: Any = None,
        api_key: Any = None,
        additional_args: Any = {},  # noqa: B006  (LiteLLM's own default)
    ) -> Any:
        told = {"input": input, "api_key": api_key, "additional_args": additional_args}
        if type(original_response) is not dict or _is_heard(litellm, self, audience):
            return plain(self, original_response, **told)
        _note(litellm, self, original_response, told)

    logging_class.post_call = post_call


def _is_heard(litellm: Any, log: Any, audience: Audience) -> bool:
    return (
        listeners.anybody(litellm, listeners.EVERY)
        or any(getattr(log, name, None) for name in _OWN_LISTENERS)
        or audience.hears(log)
    )


def _note(litellm: Any, log: Any, answer: dict[str, Any], told: dict[str, Any]) -> None:
    """What LiteLLM notes, without the text."""
    litellm.error_logs["POST_CALL"] = {"self": log, "original_response": answer, **told}
    noted = {**told, "original_response": answer, "log_event_type": "post_api_call"}
    log.model_call_details.update(noted)
