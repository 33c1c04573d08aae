"""What is done for each piece of a stream and each call: shortcuts that must come to the same."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from litellm_bridge import run
from litellm_bridge.fast.formats.sse import EventCutter
from litellm_bridge.fast.strings import text_of

TOKENS = [
    *(b'"a"', b'""', b'" a "', b' "a"', b'"a" ', b'"a"b"', b'"a', b'a"', b'"', b"", b"1", b"null"),
    *(b'"\\n"', b'"\n"', b'"\x1f"', b'"\x7f"', b'"\\x"', b'"\\', b'"\\""', b'"\\u0000"', b'"/"'),
    *(b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xc3\xa9"', b'"\xc3"', b'"\xff"', b'"\xed\xa0\x80"'),
]


@pytest.mark.parametrize("token", TOKENS)
def test_the_text_of_a_token(token):
    try:
        text = json.loads(token.decode())
        expected = text.encode() if isinstance(text, str) and text else None
    except ValueError:
        expected = None
    if token.strip() != token:
        expected = None  # that is left to LiteLLM
    assert text_of(token) == expected


@pytest.mark.parametrize(
    "rest",
    [b"b\n\n", b"b\n\nc\n\n", b"\n\n", b"b\n\n\n", b"\n\n\n", b"b\n\n\n\n", b"b\n", b"\r\n\n", b""],
)
def test_events_are_cut_alike_in_one_piece_and_in_many(rest):
    whole, single = EventCutter(), EventCutter()
    assert whole.feed(b"a\n\n") == [b"a"]
    events = whole.feed(rest) + whole.feed(b"z\n\n")
    data = b"a\n\n" + rest + b"z\n\n"
    cut = [e for at in range(len(data)) for e in single.feed(data[at : at + 1])]
    assert whole.mixed == single.mixed
    if not whole.mixed:
        assert (events, whole.take_rest()) == (cut[1:], single.take_rest())


def test_the_end_of_a_settled_call_works_out_no_error(monkeypatch):
    worked_out = []
    monkeypatch.setattr(run, "error_meta", lambda *_: worked_out.append(1) or {})
    call = SimpleNamespace(settled=True, account=None, cancelled=False, secrets=(), settle=print)
    run.settle_unstarted(call)
    assert worked_out == []
    call.settled = False
    run.settle_unstarted(call)
    assert worked_out == [1]
