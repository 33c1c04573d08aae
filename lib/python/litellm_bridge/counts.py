"""Tells the provider's usage figures from those that LiteLLM counted itself.

LiteLLM counts where a provider sends no usage, and does not say so; some of its parts count
beforehand, and then take the provider's figures after all. So a figure is LiteLLM's when it equals
one of its counts and the response has no such number.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import jsonio
from .context import current_call

if TYPE_CHECKING:
    from .calls import Call

_COUNT_NAME = re.compile(r"token|count", re.IGNORECASE)
_blind = threading.Event()  # LiteLLM's counter was not found
_MOCKS = ("mock_response", "mock_tool_calls")  # arguments: LiteLLM makes the answer up


def install(litellm: ModuleType) -> None:
    """Lets a call remember what LiteLLM counts in it.

    Patches the one function below all of LiteLLM's counters, which newer versions import late.
    In a LiteLLM that has neither, any figure may be its own count.
    """
    utils: Any = getattr(litellm, "utils", None)
    if (plain := getattr(utils, "token_counter_new", None)) is not None:
        utils.token_counter_new = _remembering(plain)
    elif (find := getattr(utils, "_get_token_counter_new", None)) is not None:
        utils._get_token_counter_new = lambda: _remembering(find())
    else:
        _blind.set()


def _remembering(plain: Callable[..., Any]) -> Callable[..., Any]:
    def count(*args: Any, **kwargs: Any) -> Any:
        number = plain(*args, **kwargs)
        call = current_call.get()
        if call is not None:
            call.counts.append(number)
        return number

    return count


def is_estimated(call: Call, usage: Any) -> bool | None:
    """Whether a figure in a whole answer's usage is LiteLLM's. None: it is not known."""
    if usage is None:
        return False
    if any(call.arguments.get(name) is not None for name in _MOCKS):
        return True
    figures = _figures(usage)
    suspects = figures if _blind.is_set() else figures & set(call.counts)
    if suspects and not suspects <= reported(call):
        return None if _blind.is_set() else True
    return False if call.responses else None


def _figures(usage: Any) -> set[int]:
    """Without zeros, which say nothing."""
    values = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
    return {value for value in values if isinstance(value, int) and value > 0}


def reported(call: Call) -> set[int]:
    """The counts in the last response that the call had."""
    if not call.responses:
        return set()
    response = call.responses[-1]
    named = {int(v) for k, v in response.headers.items() if _COUNT_NAME.search(k) and v.isdecimal()}
    try:
        body = jsonio.loads(response.content)
    except (RuntimeError, ValueError):  # not read to its end by httpx, or no JSON
        return named
    return named | set(_counts_of(body))


def _counts_of(body: Any) -> Iterator[int]:
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            yield from (v for k, v in value.items() if isinstance(v, int) and _COUNT_NAME.search(k))
