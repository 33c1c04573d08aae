"""Exactly LiteLLM's results where each event comes in a read of its own, as a model sends them that
writes at its own pace: those that only bring text take the shortest way (`fast/lane.py`)."""

from __future__ import annotations

from itertools import islice

import pytest

import openai_corpus
from connection import ConnectionBench
from litellm_bridge.fast import lane
from openai_wire import texts, whole
from suite import same
from test_formats import CORPORA, each, end_of
from test_formats import FAST as FORMATS
from test_openai import FAST

# A part of the corpora: what is answered otherwise than with all events in one read, is the text.
STREAMS = {
    name: dict(islice(streams.items(), 0, None, 3))
    for name, streams in {"openai": openai_corpus.corpus(), **CORPORA}.items()
    if name != "text"  # LiteLLM gives the SDK no client of its own for text completions
}
BY_TEXT = {"openai": FAST, "anthropic": FORMATS["anthropic"]}
# More than a text varies: the end of a line, a padding, a list that grows.
NO_LANE = ("text with CRLF", "text with padding", "thinking")


@pytest.fixture(scope="module")
def benches():
    return {name: ConnectionBench(name) for name in STREAMS}


def events_of(provider, data):
    end = b"\r\n\r\n" if b"\r\n\r\n" in data else end_of(provider)
    events = [event + end for event in data.split(end)]
    events[-1] = events[-1].removesuffix(end)
    return [event for event in events if event]


@pytest.mark.parametrize(("provider", "name"), each(STREAMS))
def test_event_by_event(provider, name, benches, loop):
    loop.run_until_complete(same(benches[provider], events_of(provider, STREAMS[provider][name])))


@pytest.mark.parametrize(("provider", "name"), each(BY_TEXT))
def test_events_of_text_take_the_lane(provider, name, benches, loop, monkeypatch):
    taken, plain = [], lane.Lane.text

    def text(self, piece):
        taken.append(plain(self, piece))
        return taken[-1]

    monkeypatch.setattr(lane.Lane, "text", text)
    events = events_of(provider, BY_TEXT[provider][name])
    loop.run_until_complete(same(benches[provider], events))
    assert (len([*filter(None, taken)]) > 90) == (name not in NO_LANE)


# Groq and Mistral: LiteLLM reads their lines, and takes such a text for the end.
ODD = ["[DONE]", "a [DONE] b", "é", "\u2028", '"', "\\", "a\nb", "\x7f", "\x0b"]


@pytest.mark.parametrize("provider", ["openai", "groq", "mistral"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_text_among_usual_ones(odd, provider, loop):
    words = [f"{number} " for number in range(30)]
    words[15:15] = words[22:22] = [odd]
    events = events_of("openai", whole(*texts(words)))
    loop.run_until_complete(same(ConnectionBench(provider), events))


@pytest.mark.parametrize("begun", [b"\n", b"x", b"dat", b"data: {", b": ping"])
def test_an_event_that_goes_on_with_one_begun(begun, benches, loop):
    events = events_of("openai", whole(*texts([f"{number} " for number in range(30)])))
    loop.run_until_complete(same(benches["openai"], [*events[:15], begun, *events[15:]]))
