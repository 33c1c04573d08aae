"""Streams over the real LiteLLM: chunks, figures, failures, flow."""

from __future__ import annotations

import pytest

from litellm_bridge import frames
from provider import (
    anthropic_stream,
    bedrock_stream,
    cut_after,
    endless,
    gemini_stream,
    held,
    openai_chunk,
    openai_stream,
    pieces,
    sse,
    whole,
)
from versions import IS_LOCKED

MESSAGES = [{"role": "user", "content": "hi"}]
USAGE = {"prompt_tokens": 11, "completion_tokens": 22, "total_tokens": 33}
AWS = {
    "aws_access_key_id": "AKIAXXXXXXXXXXXXXXXX",
    "aws_secret_access_key": "y",
    "aws_region_name": "us-east-1",
}


def arguments(family, name, url, **extra):
    base = {"messages": MESSAGES, "stream": True, "api_key": "k", "api_base": url}
    if family == "anthropic":
        base["api_base"] = f"{url}/v1/messages"
    if family == "gemini":
        base["api_base"] = f"{url}/v1beta/models/{name}"
    if family == "azure":
        base["api_version"] = "2024-06-01"
    if family == "bedrock/converse":
        for key in ("api_key", "api_base"):
            del base[key]
        base |= {**AWS, "aws_bedrock_runtime_endpoint": url}
    return {"model": f"{family}/{name}", **base, **extra}


STREAMS = {
    "openai": openai_stream,
    "azure": openai_stream,
    "groq": openai_stream,
    "anthropic": anthropic_stream,
    "gemini": gemini_stream,
    "bedrock/converse": bedrock_stream,
}
TYPES = {"bedrock/converse": "application/vnd.amazon.eventstream"}
FAMILIES = list(STREAMS)


def content_type(family):
    return TYPES.get(family, "text/event-stream")


def model_of(family, what):
    """A model of its own for each test, since responders go by it."""
    return f"claude-{what}" if family in ("anthropic", "bedrock/converse") else what


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_streams(channel, provider, family):
    model = model_of(family, "plain-" + family.split("/")[0])
    provider.on(model, pieces(STREAMS[family](["Hel", "lo ", "you"]), content_type(family)))
    answer = channel.do("completion", arguments(family, model, provider.url), stream=True)
    assert answer.kind == frames.END, answer.meta
    assert answer.text == "Hello you"
    assert answer.chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert answer.meta["usage"]["total_tokens"] > 0
    assert answer.meta["provider"] == family.split("/")[0]
    started, responded, finished = answer.times
    assert 0 < started < responded < finished


def test_repeated_shapes_travel_as_deltas(channel, provider):
    provider.on("shapes", pieces(openai_stream(list("abcdef"))))
    answer = channel.do("completion", arguments("openai", "shapes", provider.url), stream=True)
    assert answer.types.count(frames.DELTA) >= 4
    assert answer.text == "abcdef"


def test_reasoning_and_tool_arguments_travel_as_deltas(channel, provider):
    def tool(arguments, **extra):
        return {"tool_calls": [{"index": 0, "function": {"arguments": arguments}, **extra}]}

    deltas = [{"reasoning_content": text} for text in "abc"]
    deltas += [tool("", id="call_1", type="function")]
    deltas += [tool(text) for text in ('{"a"', ":", "1}")]
    data = [sse(openai_chunk(delta)) for delta in deltas]
    provider.on("tools", pieces([*data, sse(openai_chunk({}, "tool_calls")), b"data: [DONE]\n\n"]))
    answer = channel.do("completion", arguments("openai", "tools", provider.url), stream=True)
    parts = [chunk["choices"][0]["delta"] for chunk in answer.chunks]
    assert "".join(part.get("reasoning_content", "") for part in parts) == "abc"
    texts = [
        part["tool_calls"][0]["function"]["arguments"] for part in parts if "tool_calls" in part
    ]
    assert "".join(texts) == '{"a":1}'
    assert answer.types.count(frames.DELTA) >= 3


def test_usage_of_the_provider(channel, provider):
    provider.on("gpt-4o-mini", pieces(openai_stream(["a"], USAGE), x_request_id="req-s"))
    options = {"stream_options": {"include_usage": True}}
    call = arguments("openai", "gpt-4o-mini", provider.url, **options)
    answer = channel.do("completion", call, stream=True)
    assert answer.meta["usage"]["total_tokens"] == 33
    assert answer.meta["estimated"] is False
    assert answer.meta["cost"] == pytest.approx(11 * 1.5e-07 + 22 * 6e-07)
    assert answer.meta["requestId"] == "req-s"
    assert answer.chunks[-1]["usage"]["total_tokens"] == 33


def test_usage_without_being_asked_for(channel, provider):
    """LiteLLM's own count, and nothing of it in what is yielded or sent."""
    provider.on("gpt-4o", pieces(openai_stream(["hello ", "there"])))
    answer = channel.do("completion", arguments("openai", "gpt-4o", provider.url), stream=True)
    assert answer.meta["estimated"] is True
    assert answer.meta["usage"]["completion_tokens"] == 2
    assert answer.meta["cost"] > 0
    assert not any("usage" in chunk for chunk in answer.chunks)
    assert "stream_options" not in provider.exchange("gpt-4o").json


def test_anthropics_usage_is_the_providers(channel, provider):
    provider.on("claude-usage", pieces(anthropic_stream(["a", "b"])))
    call = arguments("anthropic", "claude-usage", provider.url)
    meta = channel.do("completion", call, stream=True).meta
    assert (meta["usage"]["prompt_tokens"], meta["usage"]["completion_tokens"]) == (4, 7)
    assert meta["estimated"] is False


def test_a_stream_of_a_text_completion(channel, provider):
    def piece(text, finish=None):
        choice = {"text": text, "index": 0, "finish_reason": finish, "logprobs": None}
        return sse({"id": "t", "object": "text_completion", "created": 1, "choices": [choice]})

    data = [piece("he"), piece("llo"), piece("", "stop"), b"data: [DONE]\n\n"]
    provider.on("instruct-x", pieces(data, x_request_id="req-t"))
    call = arguments("openai", "instruct-x", provider.url, prompt="hi")
    del call["messages"]
    answer = channel.do("text_completion", call, stream=True)
    assert answer.kind == frames.END, answer.meta
    texts = [chunk["choices"][0].get("text") or "" for chunk in answer.chunks]
    assert "".join(texts) == "hello"
    assert answer.meta["usage"]["completion_tokens"] == 1 and answer.meta["estimated"] is True
    assert answer.meta["requestId"] == "req-t"


def test_a_stream_of_the_responses_api(channel, provider):
    response = {
        "id": "r1", "object": "response", "created_at": 1, "model": "gpt-4o", "output": [],
        "parallel_tool_calls": False, "tools": [], "tool_choice": "auto",
        "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
    }  # fmt: skip
    delta = {"type": "response.output_text.delta", "item_id": "i", "output_index": 0,
             "content_index": 0, "delta": "hi"}  # fmt: skip
    events = [delta, {"type": "response.completed", "response": response}]
    provider.on("gpt-4o-2024-08-06", pieces([sse(event, event["type"]) for event in events]))
    call = arguments("openai", "gpt-4o-2024-08-06", provider.url, input="hi")
    del call["messages"]
    answer = channel.do("responses", call, stream=True)
    assert answer.kind == frames.END, answer.meta
    assert [chunk["type"] for chunk in answer.chunks] == [event["type"] for event in events]
    assert answer.meta["usage"]["total_tokens"] == 7 and answer.meta["estimated"] is False


def test_a_whole_response_to_a_stream(channel, provider):
    vector = {"object": "embedding", "index": 0, "embedding": [1.0]}
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    value = {"object": "list", "data": [vector], "model": "m", "usage": usage}
    provider.on("whole-emb", whole(value))
    call = {"model": "openai/whole-emb", "input": ["a"], "api_base": provider.url, "api_key": "k"}
    answer = channel.do("embedding", call, stream=True)
    assert answer.kind == frames.END
    assert [chunk["object"] for chunk in answer.chunks] == ["list"]
    assert answer.meta["usage"]["prompt_tokens"] == 1


# -- failures


def test_an_error_before_the_first_chunk(channel, provider):
    responder = whole({"error": {"message": "slow down"}}, status=429, retry_after="3")
    provider.on("early", responder)
    call = arguments("openai", "early", provider.url, max_retries=0)
    answer = channel.do("completion", call, stream=True)
    assert (answer.kind, answer.chunks) == (frames.ERROR, [])
    assert (answer.meta["name"], answer.meta["status"]) == ("RateLimitError", 429)
    assert answer.meta["headers"]["retry-after"] == "3"


def test_an_error_in_mid_stream_comes_after_the_chunks(channel, provider):
    error = sse({"error": {"message": "the model fell over", "code": 500}})
    data = [sse(openai_chunk({"content": text})) for text in ("one ", "two ")]
    provider.on("gpt-4.1", pieces([*data, error], x_request_id="req-mid"))
    answer = channel.do("completion", arguments("openai", "gpt-4.1", provider.url), stream=True)
    assert answer.kind == frames.ERROR
    assert answer.text == "one two "
    assert answer.meta["name"] == "MidStreamFallbackError"
    assert "the model fell over" in answer.meta["message"]
    assert answer.meta["usage"]["completion_tokens"] > 0, "what came is to be paid for"
    assert answer.meta["cost"] > 0 and answer.meta["estimated"] is True
    assert answer.meta["requestId"] == "req-mid" == answer.meta["headers"]["x-request-id"]


@pytest.mark.skipif(not IS_LOCKED, reason="newer ones pass over what is no JSON")
def test_a_failed_stream_of_gemini_names_the_provider_as_the_caller_did(channel, provider):
    first, *_ = gemini_stream(["one "])
    provider.on("gem-fails", pieces([first, b"data: {no json at all}\n\n"]))
    call = arguments("gemini", "gem-fails", provider.url)
    answer = channel.do("completion", call, stream=True)
    assert answer.kind == frames.ERROR, answer.meta
    assert answer.meta["provider"] == "gemini"


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (429, True), (503, True)])
def test_a_stream_that_is_refused_late_is_judged_by_its_refusal(
    channel, provider, status, retryable
):
    """LiteLLM asks Gemini with the first chunk only, and then speaks of a cut stream: 503."""
    body = {"error": {"code": status, "message": "no", "status": "SAID_BY_THE_PROVIDER"}}
    provider.on(f"gem-{status}", whole(body, status=status))
    call = arguments("gemini", f"gem-{status}", provider.url, max_retries=0)
    meta = channel.do("completion", call, stream=True).meta
    name = "MidStreamFallbackError" if IS_LOCKED or retryable else "BadRequestError"
    assert (meta["name"], meta["provider"]) == (name, "gemini")
    assert meta["retryable"] is retryable


def test_a_connection_that_is_lost_settles_the_stream(channel, provider):
    provider.on("lost", cut_after([sse(openai_chunk({"content": "one"}))]))
    call = channel.call("completion", arguments("openai", "lost", provider.url), stream=True)
    channel.wait(lambda frame: frame.call == call, "the first chunk")
    provider.exchange("lost").go_on()
    assert channel.answer(call).kind in (frames.END, frames.ERROR)


# -- flow


def chunk_of(size):
    return lambda number: sse(openai_chunk({"content": f"{number:08}" + "x" * size}))


def cost(frame):
    return frames.COST + len(frame.payload)


def drain(channel, call, window):
    """Frames of the call until so much of its credit is used up."""
    spent, taken = 0, []
    while spent < window:
        taken.append(channel.wait(lambda frame: frame.call == call, "a frame"))
        spent += cost(taken[-1])
    return taken


def test_a_stream_waits_for_credit(channel, provider):
    provider.on("flow", endless(chunk_of(100)))
    arguments_ = arguments("openai", "flow", provider.url)
    call = channel.call("completion", arguments_, stream=True, window=4000)
    taken = drain(channel, call, 4000)
    other = channel.do("get_max_tokens", {"model": "gpt-4o"})
    assert other.json == 16384, "other calls go on"
    assert [frame for frame in channel.frames if frame.call == call] == []
    channel.credit(call, sum(map(cost, taken)) - 4000 + 1)
    taken.append(channel.wait(lambda frame: frame.call == call, "one frame more"))
    channel.credit(call, 4000)
    drain(channel, call, 3000)
    channel.cancel(call)
    assert channel.settlement(call).type == frames.ERROR


def test_a_fast_stream_leaves_room_for_others(channel, provider):
    """One that always has bytes at hand does not keep the loop."""
    provider.on("hog", endless(chunk_of(1)))
    hog = channel.call(
        "completion", arguments("openai", "hog", provider.url), stream=True, window=1 << 31
    )
    channel.wait(lambda frame: frame.call == hog, "it streams")
    for _ in range(5):
        assert channel.do("get_max_tokens", {"model": "gpt-4o"}).json == 16384
    channel.cancel(hog)
    assert channel.settlement(hog).type == frames.ERROR


def test_many_streams_at_once(channel, provider):
    texts = [f"{number} " for number in range(20)]
    provider.on("many", pieces(openai_stream(texts)))
    calls = [
        channel.call("completion", arguments("openai", "many", provider.url), stream=True)
        for _ in range(50)
    ]
    for call in calls:
        assert channel.answer(call).text == "".join(texts)


def test_slow_streams_do_not_wait_for_each_other(channel, provider):
    for name in ("slow-a", "slow-b"):
        provider.on(name, held([sse(openai_chunk({"content": "x"}))]))
    calls = [
        channel.call("completion", arguments("openai", name, provider.url), stream=True)
        for name in ("slow-a", "slow-b")
    ]
    for call in calls:
        channel.wait(lambda frame, call=call: frame.call == call, "its first chunk")
        channel.cancel(call)
    for call in calls:
        assert channel.settlement(call).type == frames.ERROR
