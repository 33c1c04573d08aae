from __future__ import annotations

import enum
import json
from datetime import datetime
from decimal import Decimal

import pytest

from litellm_bridge import jsonio


class Colour(enum.Enum):
    RED = "red"


@pytest.fixture(params=["orjson", "json"])
def either(request, monkeypatch):
    jsonio.find_orjson()
    assert jsonio.orjson is not None
    if request.param == "json":
        monkeypatch.setattr(jsonio, "orjson", None)


@pytest.mark.parametrize("number", [2**53 + 1, 2**63, 2**64, 2**70, -(2**80)])
def test_large_integers_survive(either, number):
    assert jsonio.loads(b'{"seed": %d}' % number) == {"seed": number}
    assert json.loads(jsonio.dumps({"seed": number})) == {"seed": number}


def test_nan_and_infinity_become_null(either):
    value = {"a": float("nan"), "b": [float("inf"), -float("inf"), 1.5]}
    assert json.loads(jsonio.dumps(value)) == {"a": None, "b": [None, None, 1.5]}


def test_nan_beside_a_large_integer(either):
    assert json.loads(jsonio.dumps([float("nan"), 2**70])) == [None, 2**70]


def test_lone_surrogates_pass_both_ways(either):
    assert json.loads(jsonio.dumps(["\ud83d"])) == ["\ud83d"]
    assert jsonio.loads(b'["\\ud83d"]') == ["\ud83d"]


def test_objects_that_json_does_not_know(either):
    value = [datetime(2025, 1, 2), Colour.RED, Decimal("1.5"), (1, 2), {3}]
    assert json.loads(jsonio.dumps(value)) == ["2025-01-02T00:00:00", "red", 1.5, [1, 2], [3]]


def test_an_exception_is_said_as_an_error_is(either):
    (error,) = json.loads(jsonio.dumps([ValueError("wrong: Bearer abcdefghijkl")]))
    assert (error["name"], error["retryable"]) == ("ValueError", False)
    assert error["message"] == "wrong: Bearer [redacted]"


def test_keys_that_are_no_strings(either):
    assert json.loads(jsonio.dumps({1: "a"})) == {"1": "a"}


@pytest.mark.parametrize("value", [object(), [object()], {"a": 2**70, "b": object()}])
def test_what_json_can_not_say(either, value):
    with pytest.raises(TypeError, match="object"):
        jsonio.dumps(value)


def test_a_cycle_is_a_type_error(either):
    value: list = []
    value.append(value)
    with pytest.raises(TypeError):
        jsonio.dumps(value)


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'{"a":Infinity}', b"[1,]", b"\xff"])
def test_what_is_no_json(either, text):
    with pytest.raises(ValueError):
        jsonio.loads(text)


def test_too_deep_is_a_value_error(monkeypatch):
    monkeypatch.setattr(jsonio, "orjson", None)
    with pytest.raises(ValueError, match="deep"):
        jsonio.loads(b"[" * 200_000)
