"""LiteLLM's Router over the fast path: its streams are LiteLLM's, and so is what it does when a
deployment fails in mid-stream."""

from __future__ import annotations

from typing import Any

import litellm
import pytest

from openai_wire import WORDS, texts, whole
from oracle import Outcome, fastly, new_call, normal, plainly
from provider import openai_chunk, pieces, sse
from versions import IS_LOCKED

MESSAGES = [{"role": "user", "content": "hi"}]
FIRST = [sse(openai_chunk({"content": word})) for word in ("one ", "two ", "three ")]
ERROR = sse({"error": {"message": "the model fell over", "code": 500}})
FAILURES = {
    "an error after three chunks": pieces([*FIRST, ERROR]),
    "an error at first": pieces([ERROR]),
    "no JSON": pieces([*FIRST, b"data: {nonsense\n\n"]),
}


@pytest.fixture(scope="module")
def router(provider):
    def deployment(name: str) -> dict[str, Any]:
        params = {"model": f"openai/{name}", "api_base": f"{provider.url}/v1", "api_key": "k"}
        return {"model_name": name, "litellm_params": {**params, "max_retries": 0}}

    models = [deployment("router-one"), deployment("router-two")]
    fallbacks = [{"router-one": ["router-two"]}]
    return litellm.Router(model_list=models, fallbacks=fallbacks, num_retries=0)


@pytest.fixture
def ask(router, loop):
    async def run(way) -> Outcome:
        call, outcome = new_call(), Outcome()
        source = await router.acompletion(model="router-one", messages=MESSAGES, stream=True)
        try:
            await way(call, source, outcome)
        except AssertionError:
            raise
        except Exception as exc:
            outcome.error = type(exc).__name__, getattr(exc, "status_code", None)
        return outcome

    def both() -> Outcome:
        plain, fast = (loop.run_until_complete(run(way)) for way in (plainly, fastly))
        assert normal(fast.chunks) == normal(plain.chunks)
        assert fast.error == plain.error
        return fast

    return both


def said(outcome: Outcome) -> str:
    choices = [choice for chunk in outcome.chunks for choice in chunk["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def test_a_stream_of_the_router_is_litellms_and_fast(provider, ask):
    provider.on("router-one", pieces([whole(*texts(WORDS * 8))]))
    given = [ask().given for _ in range(3)]
    assert said(ask()) == "".join(WORDS * 8)
    assert given[-1] < len(WORDS) * 4


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_in_mid_stream_falls_back_as_litellm_does(name, provider, ask):
    provider.on("router-one", FAILURES[name])
    provider.on("router-two", pieces([whole(*texts(WORDS))]))
    outcome = ask()
    if IS_LOCKED:  # newer ones fall back only while nothing was said
        assert said(outcome).endswith("".join(WORDS))
        assert outcome.error is None
        assert said(outcome).startswith("one two three ") == (name != "an error at first")


def test_the_fallback_fails_as_well(provider, ask):
    provider.on("router-one", FAILURES["an error after three chunks"])
    provider.on("router-two", FAILURES["an error at first"])
    assert ask().error is not None
