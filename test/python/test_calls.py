"""Whole calls, errors and logs, over the real LiteLLM and a provider over HTTP."""

from __future__ import annotations

import json

import pytest

from litellm_bridge import frames
from peer import until
from provider import openai_whole, whole

MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.fixture
def ask(channel, provider):
    """Calls the provider with the model's responder."""

    def do(model, responder=None, name="completion", **arguments):
        if responder is not None:
            provider.on(model, responder)
        base = {"api_base": provider.url, "api_key": "sk-the-key-of-the-call"}
        if name == "completion":
            base["messages"] = MESSAGES
        stream = bool(arguments.get("stream"))
        return channel.do(name, {"model": f"openai/{model}", **base, **arguments}, stream=stream)

    return do


@pytest.fixture
def odd(channel):
    """Calls the application's own provider, which does what the word says."""

    def do(word, model="odd/x"):
        messages = [{"role": "user", "content": word}]
        return channel.do("completion", {"model": model, "messages": messages})

    return do


def test_a_whole_call(ask):
    answer = ask("gpt-4o", whole(openai_whole("hello", model="gpt-4o"), x_request_id="req-9"))
    assert answer.kind == frames.RESULT and answer.flags == 0
    (choice,) = answer.json["choices"]
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    assert (choice["message"]["role"], choice["message"]["content"]) == ("assistant", "hello")
    assert "tool_calls" not in choice["message"], "what is null is left out, as the proxy does"
    assert answer.meta["usage"]["total_tokens"] == 8
    assert answer.meta["cost"] == pytest.approx(3 * 2.5e-06 + 5 * 1e-05)
    assert answer.meta["estimated"] is False
    assert answer.meta["requestId"] == "req-9" == answer.meta["headers"]["x-request-id"]
    assert (answer.meta["model"], answer.meta["provider"]) == ("gpt-4o", "openai")
    started, responded, finished = answer.times
    assert 0 < started < responded <= finished


def ollama(**counts):
    message = {"role": "assistant", "content": "hello there"}
    return whole({"model": "m", "created_at": "x", "message": message, "done": True, **counts})


@pytest.mark.parametrize(
    ("counts", "estimated"),
    [
        ({}, True),
        ({"prompt_eval_count": 90}, True),
        ({"eval_count": 40}, True),
        ({"prompt_eval_count": 90, "eval_count": 40}, False),
        ({"prompt_eval_count": 8, "eval_count": 2}, False),  # LiteLLM counts the same
    ],
)
def test_a_count_of_litellms_own_is_an_estimate(channel, provider, counts, estimated):
    model = f"ollama-{len(counts)}-{sum(counts.values())}"
    provider.on(model, ollama(**counts))
    arguments = {"model": f"ollama_chat/{model}", "messages": MESSAGES, "api_base": provider.url}
    meta = channel.do("completion", arguments).meta
    assert meta["usage"]["prompt_tokens"] == counts.get("prompt_eval_count", 8)
    assert meta["usage"]["completion_tokens"] == counts.get("eval_count", 2)
    assert meta["estimated"] is estimated


def test_the_usage_of_a_mock_is_an_estimate(channel):
    arguments = {"model": "openai/m", "messages": MESSAGES, "mock_response": "x"}
    meta = channel.do("completion", arguments).meta
    assert meta["usage"]["total_tokens"] > 0 and meta["estimated"] is True


def test_whose_usage_an_applications_own_provider_tells_is_unknown(odd):
    assert odd("fine").meta["estimated"] is None


def test_arguments_arrive_unchanged(ask, provider):
    extra = {
        "temperature": 0.25,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"x": [1]}}}],
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
        "seed": 2**60 + 1,
        "metadata": {"a": "é☃"},
    }
    ask("args", whole(openai_whole("x")), **extra)
    sent = provider.exchange("args").json
    assert {name: sent[name] for name in extra if name != "metadata"} == {
        name: value for name, value in extra.items() if name != "metadata"
    }
    assert "max_tokens" not in sent, "nothing is defaulted"


def test_integers_beyond_64_bits_arrive(channel, provider):
    provider.on("bigint", whole(openai_whole("x")))
    raw = json.dumps(
        {
            "model": "openai/bigint",
            "messages": MESSAGES,
            "api_base": provider.url,
            "api_key": "k",
            "seed": 2**70,
        }
    ).encode()
    channel.do("completion", raw=raw)
    assert provider.exchange("bigint").json["seed"] == 2**70


def test_a_large_result_comes_in_fragments(channel, provider):
    text = "".join(f"{number} " for number in range(200_000))
    provider.on("large", whole(openai_whole(text)))
    arguments = {"model": "openai/large", "messages": MESSAGES, "api_base": provider.url}
    call = channel.call("completion", {**arguments, "api_key": "k"}, window=100_000)
    answer = channel.answer(call)
    assert answer.json["choices"][0]["message"]["content"] == text


def test_a_large_request_comes_in_fragments(ask, provider):
    text = "x" * 600_000
    ask("longask", whole(openai_whole("y")), messages=[{"role": "user", "content": text}])
    assert provider.exchange("longask").json["messages"][0]["content"] == text


def test_an_embedding(ask):
    value = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }
    answer = ask("text-embedding-3-small", whole(value), name="embedding", input=["a"])
    assert answer.json["data"][0]["embedding"] == [0.5, -0.25]
    assert answer.meta["usage"]["prompt_tokens"] == 4
    assert answer.meta["cost"] == pytest.approx(4 * 2e-08)


def test_a_text_completion(ask):
    value = {
        "id": "t",
        "object": "text_completion",
        "created": 1,
        "model": "gpt-3.5-turbo-instruct",
        "choices": [{"text": "there", "index": 0, "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    answer = ask("davinci-x", whole(value), name="text_completion", prompt="hi")
    assert answer.json["choices"][0]["text"] == "there"
    assert answer.meta["usage"]["total_tokens"] == 3


def test_speech_is_binary(ask):
    async def speak(exchange):
        await exchange.start("audio/mpeg")
        await exchange.write(bytes(range(256)))
        return await exchange.end()

    answer = ask("tts-1", speak, name="speech", input="hi", voice="alloy")
    assert answer.kind == frames.RESULT and answer.flags == frames.BINARY
    assert answer.body == bytes(range(256))


def test_functions_that_only_compute(channel):
    assert channel.do("token_counter", {"model": "gpt-4o", "text": "hello there"}).json == 2
    assert channel.do("get_max_tokens", {"model": "gpt-4o"}).json == 16384
    assert channel.do("supports_vision", {"model": "gpt-4o"}).json is True
    tokens = channel.do("encode", {"model": "gpt-4o", "text": "hi there"}).json
    assert channel.do("decode", {"model": "gpt-4o", "tokens": tokens}).json == "hi there"
    info = channel.do("get_model_info", {"model": "gpt-4o"}).json
    assert info["litellm_provider"] == "openai"
    costs = channel.do(
        "cost_per_token", {"model": "gpt-4o", "prompt_tokens": 1, "completion_tokens": 1}
    )
    assert costs.json == pytest.approx([2.5e-06, 1e-05])


def test_set_env_reaches_litellm(channel, provider):
    provider.on("envkey", whole(openai_whole("x")))
    assert channel.do("bridge.set_env", {"OPENAI_API_KEY": "sk-from-set-env"}).json is None
    channel.do(
        "completion", {"model": "openai/envkey", "messages": MESSAGES, "api_base": provider.url}
    )
    assert provider.exchange("envkey").request.headers["authorization"] == "Bearer sk-from-set-env"


# -- errors


@pytest.mark.parametrize(
    ("status", "name", "retryable"),
    [
        (400, "BadRequestError", False),
        (401, "AuthenticationError", False),
        (403, "APIError", False),
        (404, "NotFoundError", False),
        (422, "BadRequestError", False),
        (429, "RateLimitError", True),
        (500, "InternalServerError", True),
        (503, "ServiceUnavailableError", True),
    ],
)
def test_errors_of_the_provider(ask, status, name, retryable):
    body = {"error": {"message": "said the provider", "type": "t", "code": "c"}}
    responder = whole(body, status=status, retry_after="7", x_request_id="req-e")
    answer = ask(f"fails-{status}", responder, num_retries=0, max_retries=0)
    meta = answer.meta
    assert answer.kind == frames.ERROR
    assert (meta["code"], meta["name"], meta["retryable"]) == ("ERR_PROVIDER", name, retryable)
    assert "said the provider" in meta["message"]
    assert meta["provider"] == "openai" and meta["model"].endswith(f"fails-{status}")
    assert meta["status"] in ((status, 400) if status == 422 else (status,))
    assert meta["headers"]["retry-after"] == "7"
    assert meta["requestId"] == "req-e"


@pytest.mark.parametrize("status", [400, 429, 500])
def test_type_param_and_code_are_the_providers_words(ask, status):
    body = {"error": {"message": "no", "type": "its_type", "code": "its_code", "param": "p"}}
    meta = ask(f"words-{status}", whole(body, status=status), max_retries=0).meta
    assert (meta["type"], meta["param"], meta["providerCode"]) == ("its_type", "p", "its_code")


def test_a_provider_that_is_not_there(channel):
    arguments = {"model": "openai/x", "messages": MESSAGES, "api_base": "http://127.0.0.1:1"}
    meta = channel.do("completion", {**arguments, "api_key": "k", "max_retries": 0}).meta
    assert meta["code"] == "ERR_PROVIDER" and meta["retryable"] is True


def test_keys_that_the_provider_quotes_are_redacted(ask):
    body = {"error": {"message": "Incorrect API key provided: sk-the-key-of-the-call"}}
    meta = ask("quotes", whole(body, status=401), max_retries=0).meta
    assert meta["name"] == "AuthenticationError"
    assert "the-key-of" not in json.dumps(meta) and "[redacted]" in meta["message"]


def test_an_unknown_provider(channel):
    meta = channel.do("completion", {"model": "nonsense", "messages": MESSAGES}).meta
    assert (meta["name"], meta["status"]) == ("BadRequestError", 400)


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("nonsense", b"{}", "no function"),
        ("get_secret", b"{}", "no function"),
        ("completion", b"{}", "model"),
        ("completion", b"[1]", "JSON object"),
        ("completion", b"{", "not valid JSON"),
        ("completion", b"[" * 100_000, "not valid JSON"),
        ("get_max_tokens", b'{"model":"x","more":1}', "more"),
        ("bridge.set_env", b'{"A":1}', "A"),
    ],
)
def test_wrong_calls(channel, name, raw, words):
    meta = channel.do(name, raw=raw).meta
    assert meta["code"] == "ERR_INVALID_ARGUMENT"
    assert words in meta["message"]


def test_stream_on_a_whole_call(channel, provider):
    arguments = {"model": "openai/m", "messages": MESSAGES, "mock_response": "x", "stream": True}
    meta = channel.do("completion", arguments).meta
    assert meta["code"] == "ERR_INVALID_ARGUMENT" and "stream" in meta["message"]


@pytest.mark.parametrize(
    ("word", "code", "name"),
    [
        ("exit", "ERR_PROVIDER", "SystemExit"),
        ("base", "ERR_PROVIDER", "Exits"),
        ("memory", "ERR_MEMORY", "APIConnectionError"),
        ("recursion", "ERR_PROVIDER", "APIConnectionError"),
        ("none", "ERR_PROVIDER", "EmptyResponse"),
    ],
)
def test_whatever_happens_the_call_is_settled(odd, channel, word, code, name):
    answer = odd(word)
    assert answer.kind == frames.ERROR
    assert (answer.meta["code"], answer.meta["name"]) == (code, name)
    assert odd("fine").json["choices"][0]["message"]["content"] == "fine"
    assert channel.frames == [] or {frame.call for frame in channel.frames} == {0}


def test_exit_in_a_background_callback_does_not_end_the_server(channel):
    arguments = {"model": "openai/exits-later", "messages": MESSAGES, "mock_response": "x"}
    assert channel.do("completion", arguments).kind == frames.RESULT
    channel.log("sys.exit(3)")
    assert channel.do("get_max_tokens", {"model": "gpt-4o"}).json == 16384


def test_exit_in_the_background_under_plain_asyncio(spawn, stub_env):
    stub = (
        "import asyncio, sys\n"
        "async def later(): sys.exit(3)\n"
        "async def aembedding(**_): return {'task': bool(asyncio.create_task(later()))}\n"
        "def embedding(**_): pass\n"
    )
    channel = spawn(env=stub_env(stub)).ready()
    for _ in range(3):
        assert channel.do("embedding", {"model": "x"}).json == {"task": True}
        channel.log("sys.exit(3)")
        channel.logs.clear()


def test_a_batch_of_which_one_is_refused(channel, provider):
    """LiteLLM puts the exception in its list."""
    body = {"error": {"message": "no such key: key-of-the-batch", "code": "c"}}

    async def respond(exchange):
        refused = exchange.json["messages"][0]["content"] == "refuse"
        status, value = (400, body) if refused else (200, openai_whole("fine"))
        return await whole(value, status=status)(exchange)

    provider.on("batch", respond)
    arguments = {
        "model": "openai/batch",
        "messages": [MESSAGES, [{"role": "user", "content": "refuse"}]],
        "api_base": provider.url,
        "api_key": "key-of-the-batch",
    }
    answer = channel.do("batch_completion", arguments)
    assert answer.kind == frames.RESULT, answer.meta
    good, refused = answer.json
    assert good["choices"][0]["message"]["content"] == "fine"
    assert (refused["code"], refused["name"]) == ("ERR_PROVIDER", "BadRequestError")
    assert refused["status"] == 400 and refused["retryable"] is False
    assert "no such key" in refused["message"] and "key-of-the-batch" not in str(refused)


def test_a_result_that_json_can_not_say(spawn, stub_env):
    stub = "suppress_debug_info = False\ndef get_max_tokens(model): return object()\n"
    meta = spawn(env=stub_env(stub)).ready().do("get_max_tokens", {"model": "x"}).meta
    assert (meta["code"], meta["name"]) == ("ERR_PROVIDER", "TypeError")
    assert "get_max_tokens" in meta["message"]


def test_nan_in_a_result_is_null(spawn, stub_env):
    stub = "suppress_debug_info = False\ndef get_max_tokens(model): return [float('nan'), 2**80]\n"
    answer = spawn(env=stub_env(stub)).ready().do("get_max_tokens", {"model": "x"})
    assert answer.json == [None, 2**80]


# -- logs


@pytest.fixture
def alone(spawn):
    """A worker whose only channel is ours: all logs come here."""
    from conftest import PRELOAD

    worker = spawn(options={"preload": [str(PRELOAD / "misbehaving.py")]})
    channel = worker.ready()
    channel.worker = worker

    def act(word):
        messages = [{"role": "user", "content": word}]
        call = channel.call("completion", {"model": "odd/x", "messages": messages})
        channel.answer(call)
        return call

    channel.act = act
    return channel


def test_prints_become_logs_of_their_call(alone):
    call = alone.act("print")
    line, partial = alone.log("printed in a call"), alone.log("no line end")
    assert (line["source"], line["call"], line["level"]) == (0, call, 20)
    assert partial["text"] == "no line end" and partial["call"] == call
    assert alone.log("to stderr")["source"] == 1
    logged = alone.log("logged twice?")
    assert (logged["source"], logged["logger"], logged["call"]) == (2, "app.part", call)
    alone.act("thread")
    alone.log("printed in a thread")
    alone.act("native")
    assert alone.log("from native code")["source"] == 3
    alone.act("child")
    assert alone.log("from a child")["source"] == 3
    for text in ("printed in a call", "logged twice?", "from native code", "from a child"):
        assert sum(text in log["text"] for log in alone.logs) == 1


def test_secrets_in_logs_are_redacted(alone):
    alone.do("bridge.set_env", {"OPENAI_API_KEY": "the-secret-of-the-app"})
    alone.act("secret")
    assert alone.log("the key is")["text"] == "the key is [redacted]"


def test_a_flood_of_prints_is_bounded_and_counted(alone):
    messages = [{"role": "user", "content": "flood"}]
    alone.call("completion", {"model": "odd/x", "messages": messages})
    until(lambda: "the flood is over" in alone.worker.output(), "all is printed, none is read")
    alone.log("log lines were dropped")
    assert alone.log("x 19999"), "the last lines are kept"


def test_litellms_own_lines_come_once(alone):
    arguments = {"model": "openai/x", "messages": MESSAGES, "api_base": "http://127.0.0.1:1"}
    alone.do("register_model", {"model_cost": {"gpt-4o": "no dict"}})
    alone.do("completion", {**arguments, "api_key": "k", "max_retries": 0})
    alone.act("print")
    alone.log("to stderr")
    texts = [log["text"] for log in alone.logs]
    assert len(texts) == len(set(texts))
    assert not any("Give Feedback" in text for text in texts)
