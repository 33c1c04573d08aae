"""The fast path in the worker: what can only be seen from outside."""

from __future__ import annotations

import gzip

from conftest import PRELOAD
from litellm_bridge import frames
from provider import held, openai_stream, pieces
from test_streams import arguments

WORDS = [f"{number} " for number in range(40)]


def test_a_compressed_stream(channel, provider):
    data = gzip.compress(b"".join(openai_stream(WORDS)))
    parts = [data[at : at + 50] for at in range(0, len(data), 50)]
    provider.on("zipped", pieces(parts, content_encoding="gzip"))
    answer = channel.do("completion", arguments("openai", "zipped", provider.url), stream=True)
    assert answer.kind == frames.END, answer.meta
    assert answer.text == "".join(WORDS)
    assert answer.types.count(frames.DELTA) >= 30


def test_a_chunk_does_not_wait_for_the_next_one(channel, provider):
    """Each is sent when its event is complete, also those that a template answers."""
    provider.on("paced", held(openai_stream(WORDS)[:20]))
    call = channel.call("completion", arguments("openai", "paced", provider.url), stream=True)
    for _ in range(19):  # the first event has a role alone
        channel.wait(lambda frame: frame.call == call, "a chunk")
    channel.cancel(call)
    assert channel.settlement(call).type == frames.ERROR


def test_a_litellm_with_other_internals(spawn, provider):
    """Its streams are right, and the reason why they are slow is told once."""
    channel = spawn(options={"preload": [str(PRELOAD / "renamed.py")]}).ready()
    provider.on("renamed", pieces(openai_stream(WORDS)))
    for _ in range(2):
        call = arguments("openai", "renamed", provider.url)
        answer = channel.do("completion", call, stream=True)
        assert answer.kind == frames.END and answer.text == "".join(WORDS)
    assert "_text_so_far" in channel.log("the fast path for streams is off")["text"]
    told = [log for log in channel.logs if "the fast path" in log["text"]]
    assert len(told) == 1
