"""Cancellation: in every stage, for every family, the provider's connection is closed."""

from __future__ import annotations

import pytest

from litellm_bridge import frames
from peer import until
from provider import (
    endless,
    held,
    openai_chunk,
    openai_stream,
    openai_whole,
    pieces,
    silent,
    sse,
    whole,
)
from test_streams import FAMILIES, MESSAGES, STREAMS, arguments, content_type, model_of

PATIENCE_S = 30


def begin(channel, provider, family, model, **extra):
    return channel.call("completion", arguments(family, model, provider.url, **extra), stream=True)


def cancelled(channel, call):
    """A cancelled call is settled, too."""
    channel.cancel(call)
    assert channel.settlement(call).type == frames.ERROR


@pytest.mark.parametrize("family", FAMILIES)
def test_in_mid_stream(channel, provider, family):
    model = model_of(family, "mid-" + family.split("/")[0])
    data = STREAMS[family](["one ", "two " * 400, "three"])[:-2]
    provider.on(model, held(data, content_type(family)))
    call = begin(channel, provider, family, model)
    channel.wait(lambda frame: frame.call == call, "the first chunk")
    cancelled(channel, call)
    assert provider.exchange(model).hung_up.wait(PATIENCE_S)


@pytest.mark.parametrize("family", FAMILIES)
def test_after_the_headers(channel, provider, family):
    model = model_of(family, "head-" + family.split("/")[0])
    provider.on(model, held([], content_type(family)))
    call = begin(channel, provider, family, model)
    exchange = until(lambda: provider.exchange(model), "the request")
    assert exchange.answered.wait(PATIENCE_S)
    cancelled(channel, call)
    assert exchange.hung_up.wait(PATIENCE_S)


@pytest.mark.parametrize("family", FAMILIES)
def test_before_any_answer(channel, provider, family):
    model = model_of(family, "none-" + family.split("/")[0])
    provider.on(model, silent)
    call = begin(channel, provider, family, model)
    exchange = until(lambda: provider.exchange(model), "the request")
    cancelled(channel, call)
    assert exchange.hung_up.wait(PATIENCE_S)


def test_at_once(channel, provider):
    call = begin(channel, provider, "openai", "at-once")
    cancelled(channel, call)
    assert channel.do("get_max_tokens", {"model": "gpt-4o"}).json == 16384
    assert provider.exchange("at-once") is None


def test_while_it_waits_for_credit(channel, provider):
    provider.on("stalled", endless(lambda n: sse(openai_chunk({"content": f"{n} " * 50}))))
    call = channel.call(
        "completion", arguments("openai", "stalled", provider.url), stream=True, window=1
    )
    channel.wait(lambda frame: frame.call == call, "the only frame of its credit")
    cancelled(channel, call)
    assert provider.exchange("stalled").hung_up.wait(PATIENCE_S)


def test_a_whole_call_in_its_body(channel, provider):
    provider.on("half-body", held([b'{"id": "x", "choices": ['], "application/json"))
    call = channel.call(
        "completion",
        {
            "model": "openai/half-body",
            "messages": MESSAGES,
            "api_base": provider.url,
            "api_key": "k",
        },
    )
    exchange = until(lambda: provider.exchange("half-body"), "the request")
    assert exchange.answered.wait(PATIENCE_S)
    cancelled(channel, call)
    assert exchange.hung_up.wait(PATIENCE_S)


def test_a_whole_result_in_the_middle_of_its_fragments(channel, provider):
    provider.on("fragments", whole(openai_whole("x" * 500_000)))
    base = {"messages": MESSAGES, "api_base": provider.url, "api_key": "k"}
    call = channel.call("completion", {"model": "openai/fragments", **base}, window=1)
    first = channel.wait(lambda frame: frame.call == call, "the first fragment")
    assert first.flags & frames.MORE
    channel.cancel(call)
    last = channel.wait(lambda frame: frame.call == call, "its settlement")
    assert last.type == frames.ERROR and not last.flags & frames.MORE


def test_the_end_of_the_channel_cancels_its_calls(server, provider):
    channel = server.ready()
    provider.on("orphan", held([sse(openai_chunk({"content": "a"}))]))
    call = begin(channel, provider, "openai", "orphan")
    channel.wait(lambda frame: frame.call == call, "the first chunk")
    channel.close()
    assert provider.exchange("orphan").hung_up.wait(PATIENCE_S)


def test_other_calls_go_on(channel, provider):
    for name in ("goes", "stays"):
        provider.on(name, held(openai_stream([f"{name} "])[:-2]))
    stays = begin(channel, provider, "openai", "stays")
    until(lambda: provider.exchange("stays"), "its request")
    goes = begin(channel, provider, "openai", "goes")
    channel.wait(lambda frame: frame.call == goes, "a chunk")
    cancelled(channel, goes)
    assert provider.exchange("goes").hung_up.wait(PATIENCE_S)
    provider.exchange("stays").go_on()
    answer = channel.answer(stays)
    assert (answer.kind, answer.text) == (frames.END, "stays ")
    assert not provider.exchange("stays").hung_up.is_set()


def test_twice_and_after_the_end_is_harmless(channel, provider):
    provider.on("done", whole(openai_whole("x")))
    base = {"messages": MESSAGES, "api_base": provider.url, "api_key": "k"}
    call = channel.call("completion", {"model": "openai/done", **base})
    channel.answer(call)
    channel.cancel(call)
    channel.cancel(call)
    assert channel.do("get_max_tokens", {"model": "gpt-4o"}).json == 16384
    assert [frame for frame in channel.frames if frame.call == call] == []


def test_a_connection_that_was_read_to_its_end_is_reused(spawn, provider):
    channel = spawn().ready()  # its pool of connections is empty
    for family in ("openai", "anthropic"):
        check_reuse(channel, provider, family)


def check_reuse(channel, provider, family):
    model = model_of(family, "reused-" + family)
    provider.on(model, pieces(STREAMS[family](["a", "b"])))
    for _ in range(3):
        answer = channel.answer(begin(channel, provider, family, model))
        assert answer.kind == frames.END
    exchanges = [e for e in provider.exchanges if model.encode() in e.body]
    ports = {
        e.request.transport.get_extra_info("peername") for e in exchanges if e.request.transport
    }
    assert len(exchanges) == 3 and len(ports) == 1
