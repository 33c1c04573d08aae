from __future__ import annotations

import json

import pytest

from litellm_bridge import frames
from litellm_bridge.chunks import ChunkEncoder
from peer import Chunks


def chunk(delta, **extra):
    return {"id": "c", "choices": [{"index": 0, "delta": delta}], **extra}


def tool(arguments, **extra):
    return {"tool_calls": [{"index": 0, "function": {"arguments": arguments}, **extra}]}


def through(values):
    """The frame types, and the chunks as Node gets them."""
    encoder, decoder = ChunkEncoder(), Chunks()
    expected = json.dumps(values)
    messages = [encoder.encode(value) for value in values]
    assert json.dumps(values) == expected, "the caller's chunks are left as they were"
    assert json.dumps([decoder.take(*message) for message in messages]) == expected
    return [kind for kind, _ in messages]


T, D, C = frames.TEMPLATE, frames.DELTA, frames.CHUNK

CASES = {
    "text": ([chunk({"content": text}) for text in "abc"], [T, D, D]),
    "reasoning": ([chunk({"reasoning_content": text}) for text in "ab"], [T, D]),
    "arguments": ([chunk(tool(text)) for text in ("{", "}")], [T, D]),
    "first has a role": (
        [
            chunk({"role": "assistant", "content": "a"}),
            chunk({"content": "b"}),
            chunk({"content": "c"}),
        ],
        [T, T, D],
    ),
    "a chunk between keeps the template": (
        [chunk({"content": "a"}), chunk({}, usage=1), chunk({"content": "b"})],
        [T, C, D],
    ),
    "another key": ([chunk({"content": "a"}), chunk({"content": "b"}, x=1)], [T, T]),
    "another value": ([chunk({"content": "a"}, x=1), chunk({"content": "b"}, x=2)], [T, T]),
    "equal, but true": ([chunk({"content": "a"}, x=1), chunk({"content": "b"}, x=True)], [T, T]),
    "equal, but a number": (
        [chunk({"content": "a"}, x=[{"y": y}]) for y in (False, 0, 0)],
        [T, T, D],
    ),
    "equal, but a negative zero": (
        [chunk({"content": "a"}, x=0.0), chunk({"content": "b"}, x=-0.0)],
        [T, T],
    ),
    "the same large numbers": (
        [chunk({"content": text}, created=int("1741570283")) for text in "ab"],
        [T, D],
    ),
    "slots do not mix": (
        [chunk({"content": "a"}), chunk({"reasoning_content": "b"}), chunk({"content": "c"})],
        [T, T, T],
    ),
    "content beside reasoning": (
        [
            chunk({"content": "a", "reasoning_content": "r"}),
            chunk({"content": "b", "reasoning_content": "r"}),
            chunk({"content": "b", "reasoning_content": "s"}),
        ],
        [T, D, T],
    ),
    "empty text": ([chunk({"content": "a"}), chunk({"content": ""})], [T, C]),
    "null text": ([chunk({"content": None})], [C]),
    "two choices": ([{"choices": [{"delta": {"content": "a"}}] * 2}], [C]),
    "no choices": ([{"choices": []}, {"text": "a"}, "text", [1]], [C, C, C, C]),
    "two tools": ([chunk({"tool_calls": [tool("a")["tool_calls"][0]] * 2})], [C]),
    "half a surrogate pair": ([chunk({"content": "a"}), chunk({"content": "\ud83d"})], [T, T]),
    "quotes and lines": ([chunk({"content": text}) for text in ('"\\\n', "é☃😀")], [T, D]),
}


@pytest.mark.parametrize("name", CASES)
def test_node_gets_exactly_the_chunks(name):
    values, kinds = CASES[name]
    assert through(values) == kinds


def test_a_template_from_elsewhere_is_known_by_the_types_of_its_values_too():
    encoder = ChunkEncoder()
    one, true = (chunk({"content": ""}, x=x) for x in (1, True))
    sent = [encoder.adopt(frames.SLOT_CONTENT, template) for template in (one, one, true, true)]
    assert sent == [False, True, False, True]
