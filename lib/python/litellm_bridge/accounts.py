"""Usage, cost, headers and request id: LiteLLM's own figures, for whole calls and streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .counts import is_estimated
from .errors import plain_headers, request_id

if TYPE_CHECKING:
    from .calls import Call

Meta = dict[str, Any]

# What LiteLLM calls at a stream's end: newer versions the first one, which calls the other later.
_SUCCESS_HANDLERS = ("dispatch_success_handlers", "async_success_handler")


def whole_meta(call: Call, result: Any) -> Meta:
    """The meta of a whole result, from what LiteLLM hides in it."""
    hidden = hidden_params(result)
    cost = hidden.get("response_cost")
    usage = getattr(result, "usage", None)
    headers = plain_headers(hidden.get("additional_headers")) or _seen_headers(call)
    return {
        "usage": usage_json(usage),
        "cost": cost if isinstance(cost, (int, float)) else None,
        "estimated": is_estimated(call, usage),
        "headers": headers,
        "requestId": request_id(headers),
        "model": _text(getattr(result, "model", None)),
        "provider": _text(hidden.get("custom_llm_provider")),
    }


class StreamAccount:
    """Watches one of LiteLLM's stream wrappers, without changing what it yields.

    At its end LiteLLM builds the whole response from the chunks (counting tokens where the
    provider sent no usage) and hands it to its success handler: that is the response to read
    usage and cost from, at no cost of our own. Make it before the first chunk is asked for.
    """

    def __init__(self, call: Call, source: Any) -> None:
        self._call = call
        self._source = source
        self._complete: Any = None
        self._listen(getattr(source, "logging_obj", None))

    def _listen(self, logging: Any) -> None:
        for name in _SUCCESS_HANDLERS:
            plain = getattr(logging, name, None)
            if plain is not None:
                setattr(logging, name, self._handler(plain))

    def _handler(self, plain: Any) -> Any:
        def handler(result: Any = None, *args: Any, **kwargs: Any) -> Any:
            self._complete = result
            return plain(result, *args, **kwargs)

        return handler

    @property
    def _wrapper(self) -> Any:
        made = [wrapper for wrapper in self._call.wrappers if not is_of_router(wrapper)]
        outside = not hasattr(self._source, "logging_obj") or is_of_router(self._source)
        return made[-1] if made and outside else self._source  # the last attempt's

    @property
    def _logging(self) -> Any:
        return getattr(self._wrapper, "logging_obj", None)

    def meta(self) -> Meta:
        """What is known now: at the end, or after a failure in mid-stream."""
        complete = self._responses_api() or self._complete or self._rebuilt()
        usage = getattr(complete, "usage", None)
        headers = self._headers()
        return {
            "usage": usage_json(usage),
            "cost": self._cost(complete),
            "estimated": self._is_estimated(usage),
            "headers": headers,
            "requestId": request_id(headers),
            "model": _text(getattr(self._wrapper, "model", None)),
            "provider": self._provider(),
        }

    def _provider(self) -> str | None:
        """As the caller named it: a wrapper of Gemini is called vertex_ai_beta."""
        details = getattr(self._logging, "model_call_details", None) or {}
        return _text(details.get("custom_llm_provider")) or _text(
            getattr(self._wrapper, "custom_llm_provider", None)
        )

    def _responses_api(self) -> Any:
        event = getattr(self._wrapper, "completed_response", None)
        return getattr(event, "response", None)

    def _rebuilt(self) -> Any:
        """A stream that LiteLLM did not see to its end (an error, or another wrapper's end)."""
        chunks = getattr(self._wrapper, "chunks", None)
        if not chunks:
            return None
        from litellm import stream_chunk_builder

        try:
            return stream_chunk_builder(
                chunks=chunks,
                messages=getattr(self._wrapper, "messages", None),
                logging_obj=self._logging,
            )
        except Exception:  # LiteLLM has logged it; the chunks themselves were delivered
            return None

    def _cost(self, complete: Any) -> float | None:
        calculate = getattr(self._logging, "_response_cost_calculator", None)
        if complete is None or calculate is None:
            return None
        try:
            cost = calculate(result=complete)
        except Exception:  # a model without a price
            return None
        return cost if isinstance(cost, (int, float)) else None

    def _headers(self) -> dict[str, str]:
        raw = plain_headers(getattr(self._wrapper, "_response_headers", None))
        hidden = plain_headers(hidden_params(self._wrapper).get("additional_headers"))
        return raw or hidden or _seen_headers(self._call)

    def _is_estimated(self, usage: Any) -> bool:
        """Whether a figure is LiteLLM's count and not the provider's."""
        if usage is None or self._responses_api() is not None:
            return False
        counted = getattr(usage, "prompt_tokens", 0), getattr(usage, "completion_tokens", 0)
        return reported_tokens(getattr(self._wrapper, "chunks", None) or ()) != counted


def is_of_router(source: Any) -> bool:
    """Whether it is the Router's, around the wrapper of one deployment, then of another."""
    kind = type(source)
    return kind.__module__ == "litellm.router" and kind.__name__ == "FallbackStreamWrapper"


def reported_tokens(chunks: Iterable[Any]) -> tuple[int, int] | None:
    """The last prompt and completion tokens that the provider sent; None: it sent no usage."""
    found = None
    for chunk in chunks:
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            prompt, completion = found or (0, 0)
            found = (
                getattr(usage, "prompt_tokens", 0) or prompt,
                getattr(usage, "completion_tokens", 0) or completion,
            )
    return found


def _seen_headers(call: Call) -> dict[str, str]:
    """LiteLLM forgets the headers on some paths: those of the last response that we saw."""
    return plain_headers(call.responses[-1].headers) if call.responses else {}


def hidden_params(value: Any) -> Mapping[str, Any]:
    """LiteLLM's _hidden_params, which is a dict or an object of its own."""
    hidden = getattr(value, "_hidden_params", None)
    if isinstance(hidden, Mapping):
        return hidden
    return vars(hidden) if hasattr(hidden, "__dict__") else {}


def usage_json(usage: Any) -> Any:
    dump = getattr(usage, "model_dump", None)
    if callable(dump):
        return dump(exclude_none=True)
    return usage if isinstance(usage, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
