"""Values as texts that are equal in two processes when the values are."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from pydantic import BaseModel

# What differs from run to run: identities, clock values, addresses, ports.
_CHANCE = [
    (re.compile(r"0x[0-9a-f]{6,}"), "0xADDRESS"),
    (re.compile(r"(chatcmpl|cmpl|resp|call|msg|ms)[-_][0-9A-Za-z_-]{8,}"), r"\1-ID"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"(created(?:_at)?['\"]?[=:]\s?)[\d.]+"), r"\1TIME"),
    (re.compile(r"((?:_response_ms|duration_ms|overhead_time_ms)['\"]?[=:]\s?)[\d.]+"), r"\1TIME"),
    (re.compile(r"File \"[^\"]+\", line \d+"), "FILE"),
    (re.compile(r"(Request tokens=\d+, model=\S+, time=)\S+"), r"\1TIME"),
]


def plain(text: str) -> str:
    for pattern, stand_in in _CHANCE:
        text = pattern.sub(stand_in, text)
    return text


def value(found: Any) -> str:
    """The value's type and content."""
    content = _content(found)  # first, since a look makes plain what was put off
    return plain(f"{type(found).__module__}.{type(found).__qualname__}: {content}")


def _content(found: Any) -> str:
    if isinstance(found, BaseModel):
        hidden = getattr(found, "_hidden_params", None) or {}
        cost = hidden.get("response_cost") if isinstance(hidden, dict) else None
        return f"{found.model_dump_json()} {found!r} {cost}"
    if isinstance(found, BaseException):
        return error(found)
    if inspect.isclass(found) or inspect.isroutine(found):
        return f"{found.__module__}.{found.__qualname__}"
    if isinstance(found, dict):
        return "{" + ", ".join(f"{key!r}: {value(found[key])}" for key in found) + "}"
    if isinstance(found, list | tuple):
        return "[" + ", ".join(map(value, found)) + "]"
    if isinstance(found, set | frozenset):
        return "{" + ", ".join(sorted(map(value, found))) + "}"
    return repr(found)


def error(exc: BaseException) -> str:
    names = ("status_code", "llm_provider", "model", "message", "code", "param", "type", "body")
    known = {name: getattr(exc, name) for name in names if hasattr(exc, name)}
    bases = [base.__name__ for base in type(exc).__mro__]
    return f"{exc} {known!r} {bases}"


def outcome(work: Any) -> str:
    """What calling work came to; streams are read, coroutines are run."""
    try:
        found = work()
        if inspect.isawaitable(found):
            found = asyncio.run(_settle(found))
        if isinstance(found, Iterator) and not isinstance(found, AsyncIterator):
            found = list(found)
        elif _is_sync_stream(found):
            found = list(found)
        return value(found)
    except BaseException as exc:
        return "raised " + value(exc)


def _is_sync_stream(found: Any) -> bool:
    return type(found).__name__ in ("CustomStreamWrapper", "TextCompletionStreamWrapper")


async def _settle(found: Any) -> Any:
    answer = await found
    if hasattr(answer, "__aiter__"):
        return [chunk async for chunk in answer]
    return answer


def signature(found: Any) -> str:
    try:
        return plain(str(inspect.signature(found)))
    except (TypeError, ValueError) as exc:
        return f"no signature: {exc}"


def unordered(text: str) -> str:
    """The text's words, line by line, in no order.

    For what names the alternatives of a Literal or a Union. typing keeps one object for all
    orders of the same alternatives, the first that anybody made: which it is depends on the order
    of imports, in plain LiteLLM as well.
    """
    lines = (" ".join(sorted(re.findall(r"[^\s,()\[\]{}]+", line))) for line in text.split("\n"))
    return "\n".join(sorted(lines))
