"""Exceptions, LiteLLM's and our own, as the meta of an error frame.

Attributes are read with getattr throughout: LiteLLM's classes do not all set the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .bodies import NAMES, error_body
from .redact import Redactor

LONGEST_MESSAGE = 32 * 1024  # characters

_RETRYABLE = frozenset((408, 409, 429))
_CONNECTION = frozenset(("APIConnectionError", "APITimeoutError", "TransportError", "ClientError"))
# The same request is refused again, whatever status LiteLLM gives it: 500 for a missing key.
_REFUSALS = frozenset(
    (
        "AuthenticationError",
        "BadRequestError",  # also of contexts too long, of contents, of parameters
        "NotFoundError",
        "PermissionDeniedError",
        "UnprocessableEntityError",
        "UnsupportedParamsError",
    )
)
_REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "x-goog-request-id",
)
_PREFIX = "llm_provider-"
# LiteLLM appends all its local variables to some texts: prompts and answers among them.
_LOCALS = "\n\nreceived_args="


class BridgeError(Exception):
    """An error of the bridge itself. code: one of the table in src/core/errors.h."""

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.detail = detail


class InvalidArgument(BridgeError):
    def __init__(self, message: str) -> None:
        super().__init__("ERR_INVALID_ARGUMENT", message)


class EmptyResponse(BridgeError):
    """LiteLLM answered with None where it promises a response."""

    def __init__(self, function: str) -> None:
        super().__init__("ERR_PROVIDER", f"{function}: LiteLLM returned None, not a response")


def error_meta(
    exc: BaseException, secrets: Iterable[str] = (), seen: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What JavaScript learns of exc. Texts and headers come without secrets.

    seen: response headers that the call knows of, for an exception that has none.
    """
    redact = Redactor(secrets)
    status = status_of(exc)
    plain = headers_of_error(exc) or seen or {}
    headers = {name: redact(value) for name, value in plain.items()}
    return {
        "code": code_of(exc),
        "name": type(exc).__name__,
        "message": redact(message_of(exc))[:LONGEST_MESSAGE],
        "status": status,
        "headers": headers,
        "requestId": request_id(headers),
        "provider": _text(getattr(exc, "llm_provider", None)),
        "model": _text(getattr(exc, "model", None)),
        "retryable": is_retryable(exc, status),
        **_details(exc, redact),
    }


def code_of(exc: BaseException) -> str:
    if isinstance(exc, BridgeError):
        return exc.code
    return "ERR_MEMORY" if _came_of_memory(exc) else "ERR_PROVIDER"


def _came_of_memory(exc: BaseException | None) -> bool:
    """LiteLLM wraps what it catches in exceptions of its own."""
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        if isinstance(exc, MemoryError):
            return True
        seen.add(id(exc))
        exc = exc.__cause__ or exc.__context__
    return False


def message_of(exc: BaseException) -> str:
    """The exception's own text; its class's name when it has none or can't say it."""
    try:
        text = str(exc)
    except Exception:  # LiteLLM's __str__ may read attributes that were never set
        text = ""
    text = text or _text(getattr(exc, "message", None)) or type(exc).__name__
    return text.split(_LOCALS, 1)[0]


def status_of(exc: BaseException) -> int | None:
    """The HTTP status as LiteLLM gives it (a MidStreamFallbackError has its own, 503), else that of
    what it wraps."""
    original = getattr(exc, "original_exception", None)
    for source in (exc, original):
        status = getattr(source, "status_code", None)
        if isinstance(status, int) and not isinstance(status, bool):
            return status
    return None


def is_retryable(exc: BaseException, status: int | None) -> bool:
    original = getattr(exc, "original_exception", None)
    if original is not None and getattr(exc, "is_pre_first_chunk", False):
        return is_retryable(original, status_of(original))  # the request itself was refused
    names = {base.__name__ for base in type(exc).__mro__}
    if not names.isdisjoint(_REFUSALS):
        return False
    if status is not None:
        return status in _RETRYABLE or 500 <= status <= 599
    return isinstance(exc, ConnectionError) or not names.isdisjoint(_CONNECTION)


def headers_of_error(exc: BaseException) -> dict[str, str]:
    """The provider's response headers, wherever LiteLLM put them."""
    for source in (getattr(exc, "original_exception", None), exc):
        response = getattr(source, "response", None)
        for headers in (
            getattr(source, "litellm_response_headers", None),
            getattr(response, "headers", None),
            getattr(source, "headers", None),
        ):
            if found := plain_headers(headers):
                return found
    return {}


def plain_headers(headers: Any) -> dict[str, str]:
    """Names in lower case, as the provider sent them: without LiteLLM's prefix."""
    if not isinstance(headers, Mapping):
        return {}
    return {str(name).lower().removeprefix(_PREFIX): str(value) for name, value in headers.items()}


def request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in _REQUEST_IDS if headers.get(name)), None)


def _details(exc: BaseException, redact: Redactor) -> dict[str, str | None]:
    """In the provider's own words; in LiteLLM's where the provider's are lost."""
    if isinstance(exc, BridgeError):
        return {"type": None, "param": None, "providerCode": None}
    body = error_body(exc)
    found = {name: getattr(exc, name, None) if body is None else body.get(name) for name in NAMES}
    type_, param, code = (
        redact(str(value)) if isinstance(value, (str, int)) else None for value in found.values()
    )
    return {"type": type_, "param": param, "providerCode": code}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
