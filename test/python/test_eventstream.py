"""Amazon's framing: cut and read as botocore does, which is what LiteLLM reads it with."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from botocore.eventstream import EventStreamBuffer, ParserError
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstream import event, exception, header, message, prelude, sealed, string
from litellm_bridge.fast.formats.eventstream import Message, MessageCutter, read, strings

TWO = event("chunk", b'{"a": 1}') + event("metadata", b"{}")


def by_botocore(pieces: list[bytes]) -> tuple[list[tuple[dict, bytes]], bool]:
    """Headers and payloads, and whether it refused what came then."""
    buffer, seen = EventStreamBuffer(), []
    try:
        for piece in pieces:
            buffer.add_data(piece)
            seen += [(found.headers, found.payload) for found in buffer]
    except (ParserError, struct.error, KeyError, ValueError):
        return seen, True
    return seen, False


def by_us(pieces: list[bytes]) -> tuple[list[Message | None], bool, bytes]:
    cutter, seen = MessageCutter(), []
    for piece in pieces:
        seen += map(read, cutter.feed(piece))
    return seen, cutter.mixed, b"".join(cutter.take_rest())


def cut(data: bytes, *places: int) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


def test_messages_whole_and_at_every_cut():
    (one, two), mixed, rest = by_us([TWO])
    assert strings(one.headers) == {
        ":event-type": "chunk",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    assert (one.payload, two.payload, mixed, rest) == (b'{"a": 1}', b"{}", False, b"")
    for at in range(len(TWO)):
        assert by_us([TWO[:at], TWO[at:]])[0] == [one, two]
    assert by_us([TWO[at : at + 1] for at in range(len(TWO))])[0] == [one, two]


def test_what_is_not_complete_is_the_rest():
    for at in range(len(TWO)):
        seen, mixed, rest = by_us([TWO[:at]])
        whole = sum(len(prelude(0, 0)) + 4 + len(m.headers) + len(m.payload) for m in seen)
        assert (mixed, TWO[:whole] + rest) == (False, TWO[:at])


@pytest.mark.parametrize("at", range(12))
def test_a_prelude_that_is_damaged_is_handed_over(at):
    """Everything from it on: botocore refuses it, in its own words."""
    first = event("chunk", b"{}")
    bad = bytearray(TWO)
    bad[at] ^= 0x10
    seen, mixed, rest = by_us([first + bytes(bad)])
    assert len(seen) == 1 and seen[0] is not None
    assert mixed and rest == bytes(bad)
    assert by_botocore([first + bytes(bad)])[1]


@pytest.mark.parametrize("at", [12, 40, -5, -1])
def test_a_message_that_is_damaged_is_none(at):
    bad = bytearray(event("chunk", b'{"a": 1}'))
    bad[at] ^= 1
    seen, mixed, _ = by_us([bytes(bad) + TWO])
    assert seen[0] is None and None not in seen[1:] and not mixed
    assert by_botocore([bytes(bad)]) == ([], True)


@pytest.mark.parametrize(
    "data",
    [
        prelude(0, 0),
        prelude(15, 0),
        prelude(16, 1),
        prelude(100, 0xFFFFFFFF),
        prelude(16 + 128 * 1024 + 1, 128 * 1024 + 1),
        prelude(16 + 24 * 1024 * 1024 + 1, 0),
        prelude(0xFFFFFFFF, 0),
    ],
)
def test_lengths_that_make_no_message_are_handed_over(data):
    seen, mixed, rest = by_us([data + b"rest"])
    assert (seen, mixed, rest) == ([], True, data + b"rest")


def test_the_largest_that_botocore_takes_is_taken():
    headers = header("h", 6, struct.pack(">H", 5) + b"bytes")
    largest = message(headers, bytes(24 * 1024 * 1024))
    assert by_us([largest])[0] == [Message(headers, bytes(24 * 1024 * 1024))]


def test_a_claimed_length_allocates_nothing():
    tracemalloc.start()
    cutter = MessageCutter()
    assert cutter.feed(prelude(16 + 24 * 1024 * 1024, 0)) == []
    assert tracemalloc.get_traced_memory()[1] < 64 * 1024
    tracemalloc.stop()


def test_bytewise_feeding_does_not_copy_again_and_again():
    """A message of 300 KB in pieces of one byte: pieces are joined when it is complete."""
    data = event("chunk", b"x" * 300_000)
    assert len(by_us([data[at : at + 1] for at in range(len(data))])[0]) == 1


@pytest.mark.parametrize(
    ("block", "found"),
    [
        (b"", {}),
        (string("a", "b") + string("c", "é"), {"a": "b", "c": "é"}),
        (string("a", "b") + string("a", "c"), None),
        (header("a", 0, b""), None),
        (header("a", 4, b"\0\0\0\1"), None),
        (header("a", 10, b""), None),
        (string("a", "b")[:-1], None),
        (string("a", "b")[:2], None),
        (b"\x01", None),
        (header("a", 7, b"\0\1\xff"), None),
    ],
)
def test_blocks_of_headers(block, found):
    assert strings(block) == found


KINDS = st.one_of(
    st.builds(lambda name, body: event(name, body), st.sampled_from("abc"), st.binary(max_size=40)),
    st.builds(exception, st.just("throttlingException"), st.binary(max_size=40)),
    st.builds(message, st.binary(max_size=20), st.binary(max_size=20)),
    st.builds(lambda data: sealed(prelude(len(data) + 16, 0) + data), st.binary(max_size=8)),
    st.builds(prelude, st.integers(0, 60), st.integers(0, 40)),
    st.binary(max_size=16),
)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(
    data=st.lists(KINDS, max_size=5).map(b"".join),
    damage=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 255)), max_size=2),
    places=st.lists(st.integers(0, 400), max_size=6),
)
def test_any_bytes_are_cut_as_botocore_cuts_them(data, damage, places):
    """What we read, it reads the same; where it refuses, we have handed over, or read none.

    (It takes twelve bytes for a message where their length says so; those are handed over.)
    """
    damaged = bytearray(data)
    for at, flip in damage:
        if damaged:
            damaged[at % len(damaged)] ^= flip
    pieces = cut(bytes(damaged), *places)
    theirs, refused = by_botocore(pieces)
    ours, mixed, _ = by_us(pieces)
    for known, found in zip(theirs, ours, strict=False):
        assert found is not None and found.payload == known[1]
        headers = strings(found.headers)
        assert headers is None or headers == known[0]
    if not refused and not mixed:
        assert len(ours) == len(theirs)
    elif refused and not mixed and None not in ours:
        assert any(strings(found.headers) is None for found in ours if found is not None)
