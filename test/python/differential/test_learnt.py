"""Streams that could teach the fast path something wrong: each is LiteLLM's to the last chunk, and
leaves other streams fast."""

from __future__ import annotations

import asyncio
import base64
import json
import time

import pytest

import anthropic_corpus as anthropic
import gemini_corpus as gemini
import openai_wire as openai
from litellm_bridge.fast.recipes import recipes
from litellm_bridge.fast.switch import switch
from oracle import Bench, Outcome, fastly, new_call, plainly
from providers import PROVIDERS
from suite import same
from versions import IS_LOCKED

newer = pytest.mark.skipif(IS_LOCKED, reason="only newer versions do it")

WORDS = [f"w{n} " for n in range(12)]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "a",
        "schema": {"type": "object", "properties": {"age": {"type": "number"}}},
    },
}


@pytest.fixture(autouse=True)
def unlearnt():
    recipes.clear()
    switch.on = True
    yield
    was_on, switch.on = switch.on, True
    assert was_on


def events(data, end=b"\n\n"):
    return [event + end for event in data.split(end)[:-1]]


def stream(values, end=openai.DONE):
    return [*map(openai.sse, [openai.ROLE, *values, openai.STOP]), end]


# ---- what is sent


@pytest.mark.parametrize("seed", [2**64, "\ud83d"])
def test_values_that_another_printer_says(loop, seed):
    """Two texts by turns, so that each chunk is put together anew."""
    values = [
        openai.chunk({"content": word}, choice={"index": n % 2}, seed=seed)
        for n, word in enumerate(WORDS)
    ]
    pieces = [event.replace(b"\xed\xa0\xbd", b"\\ud83d") for event in stream(values)]
    loop.run_until_complete(same(Bench("openai"), pieces))


def test_padding_beside_a_long_number(loop):
    values = [
        openai.text(word, obfuscation="x" * (n + 1), seed=2**70) for n, word in enumerate(WORDS)
    ]
    for _ in range(2):
        loop.run_until_complete(same(Bench("openai"), stream(values)))


def twice(word):
    """A chunk with a key that comes twice: the last one counts."""
    chunk = openai.sse(openai.chunk({"reasoning_content": word, "other": "Q"}))
    return chunk.replace(b'"other": "Q"', b'"reasoning_content": "x"')


def test_a_key_that_comes_twice(loop):
    pieces = [openai.sse(openai.ROLE), *map(twice, WORDS), openai.sse(openai.STOP), openai.DONE]
    bench = Bench("openai")
    loop.run_until_complete(same(bench, pieces))

    async def one(way=fastly):
        outcome, call = Outcome(), new_call()
        await way(call, await bench.open(), outcome)
        return len(outcome.chunks)

    async def two():  # one of them is under way while the other learns
        bench.answer(pieces, 0.002)
        first = asyncio.ensure_future(one())
        await asyncio.sleep(0.003)
        return await asyncio.gather(first, one())

    recipes.clear()
    assert loop.run_until_complete(two()) == [loop.run_until_complete(one(plainly))] * 2


def test_deep_nesting(loop):
    deep = 1
    for _ in range(600):
        deep = {"a": deep}
    text = {"type": "content_block_delta", "index": 0}
    values = [
        anthropic.named({**text, "delta": {"type": "text_delta", "text": word}, "x": deep})
        for word in WORDS
    ]
    first, last = events(anthropic.text_block([""]))[0], events(anthropic.text_block([""]))[-1]
    pieces = [anthropic.start(), first, *values, last, *events(anthropic.end())]
    loop.run_until_complete(same(Bench("anthropic"), pieces))


# ---- what it is taken from


@pytest.mark.parametrize("family", ["openai", "azure", "groq", "openrouter", "mistral"])
def test_the_clock_is_not_the_providers(loop, family):
    """A quick provider's time is ours, too, until it is not."""
    bench = Bench(family)

    async def created(way, ago, number):
        head = {"created": int(time.time()) - ago, "id": f"chatcmpl-{number}"}
        values = [{**value, **head} for value in [openai.ROLE, *openai.texts(WORDS), openai.STOP]]
        chunks = (await bench.run(way, [*map(openai.sse, values), openai.DONE])).chunks
        return {chunk["created"] - head["created"] for chunk in chunks}

    def early_in_the_next_second():
        second = int(time.time())
        while int(time.time()) == second:
            time.sleep(0.01)

    for number in range(3):
        early_in_the_next_second()
        loop.run_until_complete(created(fastly, 0, number))
    early_in_the_next_second()
    plain = loop.run_until_complete(created(plainly, 7, 8))
    assert loop.run_until_complete(created(fastly, 7, 9)) == plain


def model_of(version, number):
    values = [
        gemini.chunk({"text": word}, usage=gemini.used(n + 1), modelVersion=version)
        for n, word in enumerate("abcd")
    ]
    return [gemini.event({**v, "responseId": f"r{number}"}) for v in [*values, gemini.STOP]]


def test_a_model_with_a_version(loop):
    names = ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.0-flash", "gemini-2.5-flash@001"]
    for number, name in enumerate(names):
        loop.run_until_complete(same(Bench("gemini"), model_of(name, number)))


def counted(prompt, reasoning, is_beside):
    """Counters of which the reasoning tokens are a part of the completion's, or beside them."""
    for n in range(6):
        completion = n + reasoning + 2
        total = prompt + completion + (reasoning if is_beside else 0)
        yield {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": total,
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }


def test_counters_whose_sum_decides(loop, monkeypatch):
    provider = PROVIDERS["groq"]
    options = {**provider.options, "model": "xai/grok-4", "api_base": "http://provider/v1"}
    monkeypatch.setitem(PROVIDERS, "xai", provider._replace(options=options))
    for case in ((5, 7, False), (6, 8, False), (9, 9, False), (9, 3, True)):
        values = [
            openai.chunk({"content": word}, usage=usage)
            for word, usage in zip(WORDS, counted(*case), strict=False)
        ]
        loop.run_until_complete(same(Bench("xai"), stream(values)))


def server_tool():
    pieces = ['{"com', 'mand": "ls', '"}']
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    result = {"type": "bash_code_execution_result", "stdout": "a", "stderr": "", "return_code": 0}
    return (
        anthropic.start()
        + anthropic.block(
            "server_tool_use", *deltas, id="srvtoolu_1", name="bash_code_execution", input={}
        )
        + anthropic.block(
            "bash_code_execution_tool_result",
            index=1,
            tool_use_id="srvtoolu_1",
            content={**result, "content": []},
        )
        + anthropic.text_block(["a ", "b ", "c "], 2)
        + anthropic.end()
    )


def test_a_tool_of_the_providers_own_again_and_again(loop):
    for _ in range(5):
        loop.run_until_complete(same(Bench("anthropic"), events(server_tool())))


# ---- texts that LiteLLM looks into


@pytest.mark.parametrize(
    "odd",
    [" 30", " true", "1.50", '"\xe9"', "-0", " null", "[1,2]", ' {"values": [1]}', "NaN", "\t7\n"],
)
def test_a_piece_of_an_answer_that_is_json_by_itself(loop, odd):
    pieces = ['{"', "city", '": "', "Par", "is", '", "', "x", '": "', "y", '"', ', "', 'age":', odd]
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in [*pieces, "}"]]
    data = (
        anthropic.start()
        + anthropic.block("tool_use", *deltas, id="toolu_1", name="json_tool_call", input={})
        + anthropic.end("tool_use")
    )
    loop.run_until_complete(same(Bench("anthropic"), events(data), response_format=SCHEMA))


def test_a_text_that_is_an_audio_file(loop):
    audio = "data:audio/wav;base64," + base64.b64encode(b"RIFFxxxxx" * 5).decode()
    texts = gemini.texts([*WORDS, audio, *WORDS])
    pieces = [gemini.event(value) for value in [*texts, gemini.STOP]]
    loop.run_until_complete(same(Bench("gemini"), pieces))


def test_arguments_that_are_text(loop):
    line = {"model": "llama3", "created_at": "2025-05-24T02:12:05.859654Z"}
    parts = ['{"a":', ' "x', "Par", "is", " x", '"', ', "b', '": ', "12", "}"]
    values = [
        {"content": "", "tool_calls": [{"function": {"name": "f", "arguments": part}}]}
        for part in parts
    ]
    lines = [{**line, "message": {"role": "assistant", **v}, "done": False} for v in values]
    end = {"message": {"role": "assistant", "content": ""}, "done_reason": "stop", "done": True}
    lines.append({**line, **end, "prompt_eval_count": 3, "eval_count": 4})
    pieces = [json.dumps(value).encode() + b"\n" for value in lines]
    loop.run_until_complete(same(Bench("ollama_chat"), pieces))


@newer
def test_a_repetition_with_a_chunk_without_choices_in_it(loop):
    again = [openai.text("abc")] * 60
    values = [*openai.texts(WORDS * 2), *again, openai.USED, *again]
    usage = {"stream_options": {"include_usage": True}}
    loop.run_until_complete(same(Bench("openai"), stream(values), **usage))


# ---- what keeps no other stream from being fast


def test_calls_whose_arguments_are_called_like_texts(loop):
    calls = [
        gemini.chunk(
            {"functionCall": {"name": "write", "args": {"content": word}}}, usage=gemini.used(n)
        )
        for n, word in enumerate(WORDS, 1)
    ]
    pieces = [gemini.event(value) for value in [*calls, gemini.STOP]]
    loop.run_until_complete(same(Bench("gemini"), pieces))


def test_blocks_that_begin_with_a_text(loop):
    delta = {"type": "text_delta", "text": "more"}
    blocks = [anthropic.block("text", delta, index=n, text=word) for n, word in enumerate(WORDS)]
    data = anthropic.start() + b"".join(blocks) + anthropic.end()
    loop.run_until_complete(same(Bench("anthropic"), events(data)))
