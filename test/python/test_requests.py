"""The measures for warm calls: what they leave out, and that no answer changes by them."""

import asyncio
import functools
import gc
import inspect
import os
from contextvars import copy_context
from types import SimpleNamespace
from typing import Annotated, TypedDict

import pytest
from openai import NOT_GIVEN
from openai._utils import PropertyInfo, is_given
from openai._utils._transform import async_maybe_transform
from openai.types.chat import completion_create_params as params

from conftest import PRELOAD
from litellm_bridge import frames
from litellm_bridge.requests import cookies, fields, garbage, numbers, setup, transform
from provider import openai_stream, openai_whole, pieces, whole
from test_streams import FAMILIES, STREAMS, USAGE, arguments, content_type, model_of
from versions import IS_LOCKED

WORDS = [f"{number} " for number in range(8)]
WITH = {"LISTENING": ""}
WITHOUT = {
    "LITELLM_BRIDGE_MEASURES_OFF": "cookies,fields,handlers,numbers,setup,transcript,transform,garbage"
}
only_locked = pytest.mark.skipif(not IS_LOCKED, reason="they stay out of other versions")


def started(spawn, **env):
    options = {"preload": [str(PRELOAD / "listening.py")]}
    return spawn(options=options, env={**os.environ, **env}).ready()


def chat(provider, name, **extra):
    value = openai_whole("an answer", usage=USAGE)
    provider.on(name, whole(value))
    call = arguments("openai", name, provider.url, **extra)
    return {key: value for key, value in call.items() if key != "stream"}


def told(answer):
    body = answer.json if answer.body else None
    if isinstance(body, dict):
        body = {key: value for key, value in body.items() if key not in ("id", "created")}
    chunks = [{k: v for k, v in c.items() if k not in ("id", "created")} for c in answer.chunks]
    meta = {k: v for k, v in answer.meta.items() if k not in ("headers", "requestId")}
    return answer.kind, meta, body, chunks


def heard(channel):
    return [log["text"] for log in channel.logs if log["text"].startswith("heard")]


def count(channel, text):
    return sum(text in log["text"] for log in channel.logs)


@only_locked
def test_answers_are_the_same_with_and_without_the_measures(spawn, provider):
    """Each twice: the second call is a warm one."""
    with_them, without = started(spawn, **WITH), started(spawn, **WITHOUT)
    for family in FAMILIES:
        model = model_of(family, "same-" + family.split("/")[0])
        provider.on(model, pieces(STREAMS[family](WORDS), content_type(family)))
        call = arguments(family, model, provider.url)
        for _ in range(2):
            answers = [c.do("completion", call, stream=True) for c in (with_them, without)]
            assert told(answers[0]) == told(answers[1]), family
            assert answers[0].kind == frames.END
    for extra in ({}, {"temperature": 0.5, "tools": [TOOL]}, {"no_such": 1}, {"n": "x"}):
        call = chat(provider, "same-whole", **extra)
        for _ in range(2):
            answers = [c.do("completion", call) for c in (with_them, without)]
            assert told(answers[0]) == told(answers[1]), extra


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@only_locked
def test_handlers_rest_while_nobody_listens(spawn, provider):
    quiet, without = started(spawn, **WITH), started(spawn, **WITHOUT)
    provider.on("unheard", pieces(openai_stream(WORDS, USAGE)))
    stream = arguments("openai", "unheard", provider.url)
    for channel in (quiet, without):
        channel.do("completion", stream, stream=True)
        channel.do("completion", chat(provider, "unheard-whole"))
    without.log("payload made")
    assert count(quiet, "payload made") == 0


def test_a_callback_hears_the_same(spawn, provider):
    channels = [started(spawn, LISTENING="1", **off) for off in ({}, WITHOUT)]
    provider.on("heard-stream", pieces(openai_stream(WORDS, USAGE)))
    call = arguments("openai", "heard-stream", provider.url)
    call["stream_options"] = {"include_usage": True}
    for channel in channels:
        channel.do("completion", call, stream=True)
        channel.log('"completion_tokens": 22')
        channel.do("completion", chat(provider, "heard-whole"))
        while len(heard(channel)) < 2:
            channel.read(1.0)
    assert heard(channels[0]) == heard(channels[1])


@only_locked
def test_an_answer_is_written_out_for_those_who_listen_alone(spawn, provider):
    quiet, without = started(spawn, **WITH), started(spawn, **WITHOUT)
    for channel in (quiet, without):
        channel.do("completion", chat(provider, "written"))
    without.log("answer written")
    assert count(quiet, "answer written") == 0


@only_locked
def test_a_warm_set_up_runs_in_place_and_others_on_a_thread(spawn, provider):
    channel = started(spawn, **WITH)

    def threads(name, **extra):
        before = len(channel.logs)
        for _ in range(2):
            channel.do("completion", chat(provider, name, **extra))
        lines = [log["text"] for log in channel.logs[before:] if "prepared on" in log["text"]]
        return ["MainThread" in line for line in lines]

    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    picture = [{"role": "user", "content": [image]}]
    assert threads("warm") == [False, True]
    assert threads("large", messages=[{"role": "user", "content": "x" * 100_000}]) == [False] * 2
    assert threads("image", messages=picture) == [False] * 2


@only_locked
def test_the_cache_of_gemini_listens_to_nothing(spawn, provider):
    """LiteLLM's modules for Gemini make a Cache of their own, which enters all lists of callbacks."""
    channel = started(spawn, **WITH)
    model = model_of("gemini", "other")
    provider.on(model, pieces(STREAMS["gemini"](WORDS), content_type("gemini")))
    channel.do("completion", arguments("gemini", model, provider.url), stream=True)
    provider.on("unheard", pieces(openai_stream(WORDS, USAGE)))
    for _ in range(2):
        channel.do("completion", arguments("openai", "unheard", provider.url), stream=True)
        channel.do("completion", chat(provider, "unheard-whole"))
    channel.log("prepared on MainThread")
    assert count(channel, "payload made") == count(channel, "answer written") == 0


def test_what_is_no_set_up_is_not_taken_for_one():
    def completion():
        pass

    run = copy_context().run
    known = functools.partial(completion, model="m", acompletion=True)
    assert setup.set_up_of(functools.partial(run, known), completion) == known.keywords
    others = [
        completion,
        functools.partial(run, completion),
        functools.partial(run, functools.partial(completion, model="m")),
        functools.partial(run, functools.partial(print, acompletion=True)),
        functools.partial(print, known),
    ]
    assert [setup.set_up_of(other, completion) for other in others] == [None] * len(others)


PLAIN = {
    "messages": [
        {"role": "user", "content": "hi"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "x": [1, 2.5, True]}]},
    ],
    "model": "gpt-4o",
    "tools": [TOOL],
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"a": {}}}},
    "stream_options": {"include_usage": True},
    "stop": ["a"],
    "logit_bias": {"1": 2},
    "temperature": None,
    "unknown": {"of": [{"any": "kind"}]},
}


@pytest.mark.parametrize("streams", [False, True])
def test_plain_arguments_are_what_the_client_makes_of_them(streams):
    calls = []

    async def plain(data, kind):
        calls.append(kind)
        return await async_maybe_transform(data, kind)

    kind = params.CompletionCreateParamsNonStreaming
    if streams:
        kind = params.CompletionCreateParamsStreaming
    made = transform.PlainTransform(plain, is_given, PropertyInfo)
    data = {**PLAIN, "seed": NOT_GIVEN, "stream": streams}
    expected = asyncio.run(async_maybe_transform(data, kind))
    assert asyncio.run(made(data, kind)) == expected and "seed" not in expected
    assert calls == []
    other = {**data, "messages": (message for message in PLAIN["messages"])}
    assert asyncio.run(made(other, kind)) == expected
    assert calls == [kind]


class Inner(TypedDict):
    own_name: Annotated[str, PropertyInfo(alias="ownName")]


class Outer(TypedDict):
    items: list[Inner | None]


class Unknown(TypedDict):
    items: "list[NoSuchType]"  # noqa: F821, UP037


def test_a_type_that_says_something_is_left_to_the_client():
    made = transform.PlainTransform(async_maybe_transform, is_given, PropertyInfo)
    data = {"items": [{"own_name": "x"}]}
    assert asyncio.run(made(data, Outer)) == {"items": [{"ownName": "x"}]}
    assert not made._says_nothing(Unknown)


VECTORS = {
    "floats": [0.1, -2.5, 1e-30] * 20,
    "whole numbers": [1, 2, 3] * 20,
    "mixed": [0.5] * 40 + [1],
    "a wide number": [0.5] * 40 + [2**70],
    "words": ["a"] * 40,
    "null": [0.5] * 40 + [None],
    "truth": [True] * 40,
    "empty": [],
    "nested": [[0.5]] * 40,
}


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_are_what_the_client_makes_of_them(name):
    from openai._models import construct_type

    calls = []

    def plain(**given):
        calls.append(given)
        return construct_type(**given)

    quick = numbers.taking_vectors(plain)
    for kind in (list[float], list[int], list[str], dict[str, float], float):
        expected = construct_type(value=VECTORS[name], type_=kind)
        made = quick(value=VECTORS[name], type_=kind)
        assert made == expected and list(map(type, made)) == list(map(type, expected))
    assert len(calls) == (4 if name == "floats" else 5)


@only_locked
def test_embeddings_are_the_same_with_and_without_the_measures(spawn, provider):
    with_them, without = started(spawn, **WITH), started(spawn, **WITHOUT)
    for name, vector in {"floats": VECTORS["floats"], "mixed": VECTORS["mixed"]}.items():
        data = [{"object": "embedding", "index": i, "embedding": vector} for i in range(3)]
        usage = {"prompt_tokens": 5, "total_tokens": 5}
        value = {"object": "list", "model": "m", "data": data, "usage": usage}
        provider.on(f"vectors-{name}", whole(value))
        call = {"model": f"openai/vectors-{name}", "input": ["a"], "api_key": "k"}
        call |= {"api_base": provider.url, "encoding_format": "float"}
        answers = [c.do("embedding", call) for c in (with_them, without)]
        assert told(answers[0]) == told(answers[1])
        assert answers[0].json["data"][2]["embedding"] == vector


def test_what_first_calls_leave_is_frozen_once_nothing_runs():
    freezer = garbage.Freezer()
    before = gc.get_freeze_count()
    assert not freezer.call_ended(is_idle=False)
    assert gc.get_freeze_count() == before
    assert freezer.call_ended(is_idle=True)
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    assert frozen > before


def test_the_clients_parameters_are_read_once_for_each_signature():
    from litellm.llms.openai.common_utils import BaseOpenAILLM

    class Client:
        def __init__(self, api_key, timeout=None):
            pass

    asked = []

    def plain(client_type):
        asked.append(client_type)
        kind = module.OpenAI if client_type == "openai" else module.AzureOpenAI
        return [name for name in inspect.signature(kind.__init__).parameters if name != "self"]

    module = SimpleNamespace(OpenAI=Client, AzureOpenAI=type("Azure", (), {"__init__": min}))
    module.AzureOpenAI.__init__ = lambda self, azure: None
    quick = fields.remembering(plain, module)
    first = quick("openai")
    first.append("the caller's own")
    assert quick("openai") == ["api_key", "timeout"] and quick("azure") == ["azure"]
    assert asked == ["openai", "azure"]
    Client.__init__ = lambda self, another: None  # as instrumentation does
    assert quick("openai") == ["another"]
    assert BaseOpenAILLM.get_openai_client_initialization_param_fields("openai")


def test_only_an_answer_with_cookies_is_searched_for_them(monkeypatch):
    import httpx

    plain = httpx.Cookies.extract_cookies
    searched = []

    def counted(self, response):
        searched.append(response)
        plain(self, response)

    monkeypatch.setattr(httpx.Cookies, "extract_cookies", counted)
    cookies.install(None)
    request = httpx.Request("GET", "https://example.com/")
    jar = httpx.Cookies()
    for headers in ([], [("content-type", "text/plain")], [("Set-Cookie", "a=b")]):
        jar.extract_cookies(httpx.Response(200, headers=headers, request=request))
    assert len(searched) == 1 and dict(jar) == {"a": "b"}
