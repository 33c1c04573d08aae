"""Whose count a figure is, with stand-ins for LiteLLM, a call and its response."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import httpx
import pytest

from litellm_bridge import counts
from litellm_bridge.context import current_call

USAGE = SimpleNamespace(prompt_tokens=9, completion_tokens=4)


@pytest.fixture
def call(monkeypatch):
    monkeypatch.setattr(counts, "_blind", threading.Event())
    call = SimpleNamespace(arguments={}, counts=[], responses=[])
    token = current_call.set(call)
    yield call
    current_call.reset(token)


def count(text):
    return len(text)


def answered(call, *args, **kwargs):
    call.responses.append(httpx.Response(200, *args, **kwargs))


@pytest.mark.parametrize(
    "utils",
    [
        SimpleNamespace(token_counter_new=count),
        SimpleNamespace(_get_token_counter_new=lambda: count),
    ],
    ids=["imported early", "imported late"],
)
def test_what_litellm_counts_is_remembered(call, utils):
    counts.install(SimpleNamespace(utils=utils))
    new = getattr(utils, "token_counter_new", None) or utils._get_token_counter_new()
    assert new("nine char") == 9
    answered(call, json={"text": "x"})
    assert call.counts == [9] and counts.is_estimated(call, USAGE) is True


def test_without_the_counter_only_what_the_response_says_is_known(call):
    counts.install(SimpleNamespace(utils=SimpleNamespace()))
    answered(call, json={"usage": {"input_tokens": 9}})
    assert counts.is_estimated(call, USAGE) is None
    answered(call, json={"usage": {"input_tokens": 9, "output_tokens": 4}})
    assert counts.is_estimated(call, USAGE) is False


def test_counts_in_headers_are_the_providers(call):
    call.counts += [9, 4]
    headers = {"x-input-token-count": "9", "x-output-token-count": "4"}
    answered(call, headers=headers, text="no JSON")
    assert counts.is_estimated(call, USAGE) is False


def test_other_numbers_of_the_response_are_no_counts(call):
    call.counts += [9]
    answered(call, json={"index": 9, "created": 4})
    assert counts.is_estimated(call, USAGE) is True


def test_a_response_that_was_not_read_tells_nothing(call):
    call.counts += [9]
    answered(call, stream=httpx.ByteStream(b"{}"))
    assert counts.is_estimated(call, USAGE) is True


def test_no_usage_is_no_estimate_and_no_response_is_no_knowledge(call):
    assert counts.is_estimated(call, None) is False
    assert counts.is_estimated(call, USAGE) is None
