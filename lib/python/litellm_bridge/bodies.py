"""The body that a provider sent with its error, from wherever LiteLLM left it.

LiteLLM raises an exception of its own, often without the body, while it handles the client's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST_CHAIN = 16  # exceptions
_LONGEST_BODY = 256 * 1024  # bytes
NAMES = ("type", "param", "code")


def error_body(exc: BaseException) -> Mapping[str, Any] | None:
    """The object that says `type`, `param` or `code`, of the nearest exception that has one."""
    for source in _chain(exc):
        for body in (getattr(source, "body", None), _json_of(getattr(source, "response", None))):
            inner = body.get("error", body) if isinstance(body, Mapping) else None
            if isinstance(inner, Mapping) and any(inner.get(name) is not None for name in NAMES):
                return inner
    return None


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """exc and what led to it: what has another status is of another request, a fallback's."""
    yield exc
    source: Any = getattr(exc, "original_exception", None) or exc
    status = _status(source)
    for _ in range(_LONGEST_CHAIN):
        if source is None:
            return
        if status is None or _status(source) in (status, None):
            yield source
        source = source.__cause__ or source.__context__


def _status(exc: Any) -> Any:
    own = getattr(exc, "status_code", None)
    return own if own is not None else getattr(getattr(exc, "response", None), "status_code", None)


def _json_of(response: Any) -> Any:
    try:
        content = getattr(response, "content", b"")
        return json.loads(content) if 0 < len(content) <= _LONGEST_BODY else None
    except (RuntimeError, TypeError, ValueError):  # not read by httpx, or no JSON
        return None
