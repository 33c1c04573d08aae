"""Every exception of LiteLLM and of the OpenAI client, as JavaScript will see it."""

from __future__ import annotations

import inspect

import httpx
import litellm
import openai
import pytest
from litellm import exceptions

from litellm_bridge import errors
from litellm_bridge.errors import error_meta
from versions import IS_LOCKED

REQUEST = httpx.Request("POST", "https://api.test/v1")


def response(status, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=names, request=REQUEST)


VALUES = {
    "message": "what happened",
    "llm_provider": "openai",
    "model": "gpt-4o",
    "status_code": 500,
    "request_data": {},
    "current_cost": 2.0,
    "max_budget": 1.0,
    "raw_response": "raw",
    "schema": "{}",
    "guardrail_name": "g",
    "entity_type": "e",
    "custom_llm_provider": "openai",
    "route_to_model": "m",
    "session_id": "s",
    "failures": [],
}


def make(cls):
    names = inspect.signature(cls.__init__).parameters
    values = {**VALUES, "response": response(STATUS.get(cls.__name__) or 500)}
    return cls(**{name: values[name] for name in names if name in values})


CLASSES = [
    cls
    for _, cls in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(cls, Exception) and cls.__module__ == "litellm.exceptions"
]
STATUS = {
    "AuthenticationError": 401,
    "NotFoundError": 404,
    "BadRequestError": 400,
    "UnprocessableEntityError": 422,
    "UnsupportedParamsError": 400,
    "Timeout": 408,
    "PermissionDeniedError": 403,
    "RateLimitError": 429,
    "ContextWindowExceededError": 400,
    "RejectedRequestError": 400,
    "ContentPolicyViolationError": 400,
    "ImageFetchError": 400,
    "InternalServerError": 500,
    "ServiceUnavailableError": 503,
    "APIError": 500,
    "APIConnectionError": 500,
    "MidStreamFallbackError": 503,
}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_exception_of_litellm(cls):
    meta = error_meta(make(cls))
    assert meta["name"] == cls.__name__
    assert meta["code"] == "ERR_PROVIDER"
    assert meta["message"]
    status = meta["status"]
    assert status == STATUS.get(cls.__name__, status)
    assert meta["retryable"] == (status is not None and (status >= 500 or status in (408, 429)))


def test_the_table_names_real_classes():
    assert set(STATUS) <= {cls.__name__ for cls in CLASSES}


def test_the_providers_headers_are_kept():
    error = litellm.RateLimitError("slow", "openai", "m", response(429, retry_after="7"))
    assert error_meta(error)["headers"]["retry-after"] == "7"


def test_headers_that_litellm_attached():
    error = litellm.InternalServerError("down", "openai", "m")
    error.litellm_response_headers = httpx.Headers({"Retry-After": "9", "X-Request-Id": "r"})
    headers = error_meta(error)["headers"]
    assert headers["retry-after"] == "9"
    assert errors.request_id(headers) == "r"


def test_the_prompts_that_litellm_appends_are_left_out():
    text = "Invalid response object\n\nreceived_args={'messages': 'my diary'}"
    assert error_meta(ValueError(text))["message"] == "Invalid response object"


def test_a_mid_stream_error_has_the_status_that_litellm_gives_it():
    original = litellm.RateLimitError("slow", "openai", "m", response(429, retry_after="3"))
    error = exceptions.MidStreamFallbackError("cut", "m", "openai", original_exception=original)
    meta = error_meta(error)
    status = 503 if IS_LOCKED else 429
    assert (meta["name"], meta["status"]) == ("MidStreamFallbackError", status)
    assert meta["headers"]["retry-after"] == "3"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504])
def test_openais_own_status_errors(status):
    body = {"message": "m", "type": "t", "param": "p", "code": "c"}
    error = openai.APIStatusError("text", response=response(status), body=body)
    meta = error_meta(error)
    assert meta["status"] == status
    assert meta["retryable"] == (status in (408, 409, 429) or status >= 500)
    assert (meta["type"], meta["param"], meta["providerCode"]) == ("t", "p", "c")


def test_the_providers_body_may_be_wrapped():
    body = {"error": {"type": "insufficient_quota", "code": 42}}
    meta = error_meta(openai.APIStatusError("x", response=response(429), body=body))
    assert (meta["type"], meta["providerCode"]) == ("insufficient_quota", "42")


@pytest.mark.parametrize(
    "error",
    [
        openai.APIConnectionError(request=REQUEST),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        ConnectionResetError("reset"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_lost_connections_are_retryable(error):
    assert error_meta(error)["retryable"] is True


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "ERR_MEMORY"),
        (RecursionError("deep"), "ERR_PROVIDER"),
        (SystemExit(3), "ERR_PROVIDER"),
        (KeyError("x"), "ERR_PROVIDER"),
        (errors.InvalidArgument("x"), "ERR_INVALID_ARGUMENT"),
        (errors.BridgeError("ERR_CONFIG", "x"), "ERR_CONFIG"),
    ],
    ids=lambda value: str(value),
)
def test_codes(error, code):
    meta = error_meta(error)
    assert (meta["code"], meta["retryable"]) == (code, False)


def test_an_exception_that_can_not_say_its_text():
    class Mute(Exception):
        def __str__(self):
            raise AttributeError("num_retries")

    assert error_meta(Mute())["message"] == "Mute"


def test_secrets_are_redacted_in_text_and_headers():
    error = litellm.AuthenticationError(
        "bad key my-own-secret", "openai", "m", response(401, x_echo="my-own-secret")
    )
    meta = error_meta(error, ["my-own-secret"])
    assert "my-own-secret" not in str(meta)
    assert "[redacted]" in meta["message"] and meta["headers"]["x-echo"] == "[redacted]"


def test_a_huge_text_is_cut():
    assert len(error_meta(ValueError("x" * 10**6))["message"]) == errors.LONGEST_MESSAGE


def test_litellms_prefix_of_headers_is_taken_off():
    headers = {"llm_provider-X-Request-Id": "a", "x-ratelimit-limit-tokens": "5"}
    assert errors.plain_headers(headers) == {"x-request-id": "a", "x-ratelimit-limit-tokens": "5"}
    assert errors.plain_headers(None) == {}


def test_the_request_id_of_the_provider():
    error = litellm.RateLimitError("slow", "openai", "m", response(429, x_request_id="req-1"))
    assert error_meta(error)["requestId"] == "req-1"
    assert error_meta(ValueError("x"))["requestId"] is None


def test_headers_seen_elsewhere_are_for_errors_without_their_own():
    seen = {"x-request-id": "of-the-stream", "x-echo": "my-own-secret"}
    bare = error_meta(ValueError("x"), ["my-own-secret"], seen)
    assert bare["requestId"] == "of-the-stream"
    assert bare["headers"]["x-echo"] == "[redacted]"
    own = litellm.RateLimitError("slow", "openai", "m", response(429, x_request_id="its-own"))
    assert error_meta(own, (), seen)["headers"] == {"x-request-id": "its-own"}


REFUSALS = [
    "AuthenticationError",
    "BadRequestError",
    "ContentPolicyViolationError",
    "ContextWindowExceededError",
    "NotFoundError",
    "PermissionDeniedError",
    "UnprocessableEntityError",
    "UnsupportedParamsError",
]


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_not_retryable_whatever_its_status(name):
    """LiteLLM says 500 for a key that is missing."""
    error = make(getattr(exceptions, name))
    error.status_code = 500
    assert error_meta(error)["retryable"] is False


@pytest.mark.parametrize(
    ("original", "early", "retryable"),
    [
        (litellm.BadRequestError("no", "m", "gemini"), True, False),
        (litellm.RateLimitError("slow", "gemini", "m"), True, True),
        (httpx.ReadError("cut"), True, True),
        (litellm.BadRequestError("no", "m", "gemini"), False, IS_LOCKED),  # 503, or its own 400
        (None, True, True),
    ],
)
def test_an_error_before_the_first_chunk_is_judged_by_its_cause(original, early, retryable):
    error = exceptions.MidStreamFallbackError(
        "cut", "m", "gemini", original_exception=original, is_pre_first_chunk=early
    )
    assert error_meta(error)["retryable"] is retryable


def chained(error, *causes):
    """error, raised while the first cause was handled, and so on."""
    outer = error
    for cause in causes:
        outer.__context__ = cause
        outer = cause
    return error


def refusal(body):
    return openai.APIStatusError("x", response=response(429), body=body)


def details(error):
    meta = error_meta(error)
    return meta["type"], meta["param"], meta["providerCode"]


def test_the_body_that_the_provider_sent_goes_before_litellms_words():
    error = litellm.RateLimitError("slow", "openai", "m")
    assert details(error) == ("throttling_error", None, "429"), "nothing better is known"
    body = {"type": "insufficient_quota", "code": "quota_x", "param": "p", "message": "m"}
    chained(error, ValueError("on the way"), refusal(body))
    assert details(error) == ("insufficient_quota", "p", "quota_x")


def test_a_body_of_text_is_read_as_json():
    cause = Exception("x")
    cause.response = httpx.Response(
        429, request=REQUEST, json={"type": "error", "error": {"type": "rate_limit_error"}}
    )
    error = chained(litellm.RateLimitError("slow", "anthropic", "m"), cause)
    assert details(error) == ("rate_limit_error", None, None)


def test_a_chain_without_end_is_left():
    error, other = litellm.RateLimitError("slow", "openai", "m"), ValueError("x")
    error.__context__, other.__context__ = other, error
    assert details(error)[0] == "throttling_error"


def test_details_without_secrets():
    error = chained(ValueError("x"), refusal({"type": "t", "code": "my-own-secret"}))
    assert error_meta(error, ["my-own-secret"])["providerCode"] == "[redacted]"


def test_the_body_of_another_request_tells_nothing():
    """A fallback fails while the first model's refusal is handled."""
    error = litellm.InternalServerError("down", "openai", "m")
    chained(error, refusal({"type": "insufficient_quota", "code": "quota_x"}))
    assert "quota_x" not in details(error)


def test_a_mid_stream_error_has_the_words_of_its_cause():
    cause = refusal({"type": "insufficient_quota", "code": "quota_x"})
    error = exceptions.MidStreamFallbackError("cut", "m", "openai", original_exception=cause)
    assert details(error) == ("insufficient_quota", None, "quota_x")
