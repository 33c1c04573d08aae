"""Many events of one kind in one step: it must come to the same as one after another."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_bridge.fast.formats.sse import EventCutter
from litellm_bridge.fast.patterns import Pattern
from litellm_bridge.fast.scan import TEXT, scan
from litellm_bridge.fast.state import WrapperState
from litellm_bridge.fast.strings import text_of, texts_of
from litellm_bridge.fast.templates import ALL, ALL_BUT_LAST, NONE

LIMIT = 10  # repetitions at which LiteLLM ends a stream
EVENT = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}'
INSIDES = [
    *(b"a", b"", b" ", b'"', b'a"b', b"\\", b'\\"', b"\\n", b"\n", b"\\u00e9", b"\\ud800", b"\x7f"),
    *(b"\xc3\xa9", b"\xc3", b"\xa9", b"\xff", b"[DONE]", b'"}', b"\r", b"\xe2\x80\xa8"),
]
insides = st.lists(st.sampled_from(INSIDES) | st.binary(max_size=4), min_size=1, max_size=6)


@given(st.lists(st.sampled_from([b"a", b"\n", b"\n\n", b"\n\n\n", b"\r", b"b\n\n"]), max_size=12))
def test_a_block_is_the_events_that_feed_gives(pieces):
    plain, fast = EventCutter(), EventCutter()
    for piece in [b"first\n\n", *pieces, b"z\n\n"]:
        block = fast.block(piece)
        events = fast.feed(piece) if block is None else block.events()
        assert (events, fast.mixed) == (plain.feed(piece), plain.mixed)
    assert b"".join(fast.take_rest()) == b"".join(plain.take_rest())


def test_the_usual_pieces_are_blocks():
    cutter = EventCutter()
    cutter.feed(b"a\n\n")
    assert cutter.block(b"b\n\nc") == (b"b\n\n", b"\n\n")
    assert cutter.block(b"d\n\n") == (b"cd\n\n", b"\n\n")


@given(insides)
def test_the_texts_of_many_strings(insides):
    texts = [text_of(b'"%s"' % inside) for inside in insides]
    assert texts_of(insides) == (None if None in texts else texts)


@given(insides)
@settings(max_examples=300)
def test_the_texts_of_many_events(insides):
    found = scan(EVENT, len(b"data: "))
    holes = [number for number, token in enumerate(found.tokens) if token.kind == TEXT]
    pattern = Pattern(found, holes)
    events = [EVENT.replace(b"word", inside) for inside in insides]
    block = b"".join(event + b"\n\n" for event in events)
    texts = pattern.texts(block, b"\n\n")
    alone = [pattern.read(event) for event in events]
    expected = [None if token is None else text_of(token[0]) for token in alone]
    if texts is not None:
        assert texts == expected
    elif None not in expected:
        pytest.fail(f"{insides} are plain texts")


def test_other_events_are_not_taken_for_texts():
    found = scan(EVENT, len(b"data: "))
    pattern = Pattern(found, [n for n, token in enumerate(found.tokens) if token.kind == TEXT])
    end = EVENT.replace(b'"content":"word"', b"").replace(b"null", b'"stop"')
    for events in (
        [EVENT, end],
        [end, EVENT],
        [EVENT, end, EVENT],
        [end],
        [b""],
        [EVENT, b"", EVENT],
    ):
        assert pattern.texts(b"".join(event + b"\n\n" for event in events), b"\n\n") is None


class Stub(SimpleNamespace):
    """A template; equal to itself alone."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__
    grown = ()

    def chunk(self, text, _):
        choice = SimpleNamespace(delta=SimpleNamespace(content=text if self.is_content else None))
        return SimpleNamespace(choices=[choice], text=text, by=self.name)

    def assign(self, *_):
        pass


TEMPLATES = [
    Stub(name="text", joins=ALL, is_content=True),
    Stub(name="thought", joins=ALL, is_content=False),
    Stub(name="cited", joins=ALL_BUT_LAST, is_content=True),
    Stub(name="apart", joins=NONE, is_content=True),
]


def state_of_wrapper():
    wrapper = SimpleNamespace(chunks=[], response_uptil_now="", _repeated_messages_count=1)
    return WrapperState(wrapper, None, LIMIT), wrapper


def seen(wrapper):
    return (
        wrapper.response_uptil_now,
        wrapper._repeated_messages_count,
        "".join(chunk.text for chunk in wrapper.chunks),
    )


def listed(wrapper):
    return [(chunk.by, chunk.text) for chunk in wrapper.chunks]


runs = st.lists(
    st.tuples(
        st.sampled_from(TEMPLATES),
        st.lists(st.sampled_from([b"abc", b"def", b"abcdef", b"g"]), min_size=1, max_size=5),
    ),
    max_size=6,
)


@given(runs, st.sets(st.integers(0, 6)))
@settings(max_examples=500)
def test_a_run_leaves_the_state_that_its_chunks_leave(runs, syncs):
    (fast, ours), (plain, theirs) = state_of_wrapper(), state_of_wrapper()
    for number, (template, texts) in enumerate(runs):
        taken = fast.add_run(template, texts)
        for text in texts:
            assert plain.sees_repetition() <= (not taken)
            plain.add(template, text, ())
            if not taken:
                fast.add(template, text, ())
        assert fast.repetitions() == plain.repetitions()
        assert fast.is_repetitive == plain.is_repetitive
        if number in syncs:
            fast.sync()
            plain.sync()
    fast.sync()
    plain.sync()
    assert seen(ours) == seen(theirs)
    assert listed(ours) == listed(theirs)


def test_a_run_of_new_texts_is_taken():
    state, wrapper = state_of_wrapper()
    assert state.add_run(TEMPLATES[0], [b"abc", b"def", b"abc", b"g"])
    assert not state.add_run(TEMPLATES[0], [b"g", b"abc"])  # repeats the last one
    assert not state.add_run(TEMPLATES[0], [b"abc", b"abc"])
    assert not state.add_run(TEMPLATES[3], [b"abc", b"def"])
    state.sync()
    assert listed(wrapper) == [("text", "abcdefabc"), ("text", "g")]


def test_a_long_stream_gives_the_garbage_collector_nothing_to_walk_through():
    state, wrapper = state_of_wrapper()
    texts = [b"word%d " % number for number in range(20_000)]
    gc.collect()
    before = len(gc.get_objects())
    for text in texts:
        state.add(TEMPLATES[0], text, (b'"%s"' % text,))
    gc.collect()
    assert len(gc.get_objects()) - before < 2000
    state.sync()
    assert wrapper.response_uptil_now == b"".join(texts).decode()
    assert listed(wrapper) == [
        ("text", b"".join(texts[:-1]).decode()),
        ("text", texts[-1].decode()),
    ]
