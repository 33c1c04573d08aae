from __future__ import annotations

import asyncio
import contextvars
import inspect
import itertools
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import litellm
import pytest

from litellm_bridge import dispatch
from litellm_bridge.dispatch import Dispatcher, find, set_env
from litellm_bridge.errors import EmptyResponse, InvalidArgument
from litellm_bridge.functions import FUNCTIONS


@pytest.fixture
def dispatcher():
    with ThreadPoolExecutor(2) as pool:
        yield Dispatcher(litellm, pool)


def call(dispatcher, name, /, **arguments):
    return asyncio.run(dispatcher.call(name, arguments))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_there(dispatcher, name):
    function = FUNCTIONS[name]
    target = dispatcher._target(function)
    assert callable(target) and callable(dispatcher._plain(function))
    dispatch._parameters(dispatcher._plain(function))


def named(model, messages=None, *, stream=False):
    pass


def anything(model, **more):
    pass


def positional(model, /, messages=None):
    pass


def many(*models, stream=False):
    pass


@pytest.mark.parametrize("plain", [named, anything, positional, many, lambda: None])
def test_arguments_fit_where_they_bind(plain):
    """The quick look at the names comes to what `inspect` says, in each case."""
    function = SimpleNamespace(name="it", required=())
    names = ("model", "messages", "stream", "models", "more", "other")
    for count in range(4):
        for chosen in itertools.combinations(names, count):
            arguments = dict.fromkeys(chosen, 1)
            try:
                inspect.signature(plain).bind(**arguments)
            except TypeError as exc:
                with pytest.raises(InvalidArgument, match=re.escape(str(exc))):
                    dispatch.check(function, plain, arguments)
            else:
                dispatch.check(function, plain, arguments)


def test_nothing_that_leaks_or_loads_is_in_the_table():
    forbidden = {"get_secret", "get_api_key", "read_config_args", "completion_with_retries"}
    assert not forbidden & set(FUNCTIONS)


@pytest.mark.parametrize("name", ["complete", "chat_completion", "tokencounter"])
def test_unknown_names_get_near_ones(name):
    with pytest.raises(InvalidArgument, match=f"{name}.*did you mean"):
        find(name)


def test_a_name_that_is_near_to_nothing():
    with pytest.raises(InvalidArgument, match="'zzz'$"):
        find("zzz")


@pytest.mark.parametrize(
    ("name", "arguments", "missing"),
    [
        ("completion", {}, "model"),
        ("completion", {"model": None}, "model"),
        ("text_completion", {"prompt": "x"}, "model"),
        ("text_completion", {"model": "x"}, "prompt"),
        ("embedding", {"input": []}, "model"),
        ("rerank", {"model": "x"}, "query"),
        ("cost_per_token", {"model": "x", "nonsense": 1}, "nonsense"),
        ("get_max_tokens", {}, "model"),
    ],
)
def test_wrong_arguments_are_named(dispatcher, name, arguments, missing):
    with pytest.raises(InvalidArgument, match=f"{name}: .*{missing}"):
        call(dispatcher, name, **arguments)


def test_a_type_error_inside_litellm_is_not_ours(dispatcher, monkeypatch):
    def get_max_tokens(model):
        return model + 1

    monkeypatch.setattr(litellm, "get_max_tokens", get_max_tokens)
    with pytest.raises(TypeError):
        call(dispatcher, "get_max_tokens", model="x")


def test_sync_functions_run_on_a_thread_in_the_calls_context(monkeypatch):
    variable = contextvars.ContextVar("variable", default=None)
    seen = []

    def get_max_tokens(model):
        seen.append((threading.current_thread() is threading.main_thread(), variable.get()))

    async def in_context():
        variable.set("here")
        with ThreadPoolExecutor(1) as pool:
            await Dispatcher(litellm, pool).call("get_max_tokens", {"model": "x"})

    monkeypatch.setattr(litellm, "get_max_tokens", get_max_tokens)
    asyncio.run(in_context())
    assert seen == [(False, "here")]


def test_none_is_no_response(dispatcher, monkeypatch):
    async def acompletion(**_):
        return None

    monkeypatch.setattr(litellm, "acompletion", acompletion)
    with pytest.raises(EmptyResponse, match="completion"):
        call(dispatcher, "completion", model="x")


def test_set_env_merges(monkeypatch):
    monkeypatch.setattr(os, "environ", {"KEPT": "1", "A": "old"})
    set_env({"A": "new", "B": "b"})
    assert os.environ == {"KEPT": "1", "A": "new", "B": "b"}


@pytest.mark.parametrize("bad", [{"A": 1}, {"A": None}, {"": "x"}, {"A=B": "x"}, {"A": "x\0"}])
def test_set_env_refuses_all_or_nothing(monkeypatch, bad):
    monkeypatch.setattr(os, "environ", {})
    with pytest.raises(InvalidArgument) as caught:
        set_env({"GOOD": "secret-value", **bad})
    assert os.environ == {}
    assert "secret-value" not in str(caught.value)
