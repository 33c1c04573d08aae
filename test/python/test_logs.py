from __future__ import annotations

import asyncio
import io
import logging
import threading

import pytest

from litellm_bridge import frames, stdio
from litellm_bridge.context import current_call
from litellm_bridge.logs import LONGEST, FrameHandler, LogSink, Source
from litellm_bridge.stdio import LogWriter
from peer import read_log


class Channel:
    def __init__(self):
        self.congested = False
        self.on_drained = None
        self.logs = []

    def send(self, data):
        self.logs += [read_log(frame.payload) for frame in frames.Decoder().feed(data)]

    @property
    def texts(self):
        return [log["text"] for log in self.logs]


class FakeCall:
    id = 77
    secrets = frozenset({"secret-of-the-call"})

    def __init__(self, channel):
        self.channel = channel


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def sink(loop):
    return LogSink(loop, kept=200)


@pytest.fixture
def attached(sink):
    channel = Channel()
    sink.attach(channel)
    return channel


@pytest.fixture
def out(sink):
    return LogWriter(sink, Source.STDOUT, 1)


def test_records_before_a_channel_are_kept(sink):
    sink.emit(20, Source.STDOUT, "early")
    channel = Channel()
    sink.attach(channel)
    assert channel.texts == ["early"]


def test_too_many_are_dropped_and_counted(sink):
    for number in range(30):
        sink.emit(20, Source.STDOUT, f"{number:010}")
    channel = Channel()
    sink.attach(channel)
    assert "10 log lines were dropped" in channel.texts[0]
    assert channel.texts[1:] == [f"{number:010}" for number in range(10, 30)]


def test_a_congested_channel_is_not_written_to(sink, attached):
    attached.congested = True
    sink.emit(20, Source.STDOUT, "later")
    assert attached.texts == []
    attached.congested = False
    attached.on_drained()
    assert attached.texts == ["later"]


def test_one_channel_gets_each_record(sink, attached):
    second = Channel()
    sink.attach(second)
    sink.emit(20, Source.STDOUT, "one")
    sink.detach(attached)
    sink.emit(20, Source.STDOUT, "two")
    assert (attached.texts, second.texts) == (["one"], ["two"])


@pytest.mark.parametrize(
    ("level", "sent"), [(0, 10), (5, 10), (10, 10), (25, 20), (30, 30), (50, 50), (99, 50)]
)
def test_levels_are_those_of_the_protocol(sink, attached, level, sent):
    sink.emit(level, Source.LOGGING, "x")
    assert attached.logs[0]["level"] == sent


def test_records_of_other_threads_arrive(loop, sink, attached):
    thread = threading.Thread(target=sink.emit, args=(20, Source.STDOUT, "from a thread"))
    thread.start()
    thread.join()
    assert attached.texts == [], "the channel is the loop's"
    loop.run_until_complete(asyncio.sleep(0))
    assert attached.texts == ["from a thread"]


def say_in_call(sink, channel, text="x"):
    token = current_call.set(FakeCall(channel))
    sink.emit(20, Source.STDOUT, text)
    current_call.reset(token)


def test_what_a_call_says_goes_to_its_own_channel(sink, attached):
    own = Channel()
    sink.attach(own)
    say_in_call(sink, own)
    assert attached.logs == []
    assert [log["call"] for log in own.logs] == [77]


def test_what_a_call_says_goes_elsewhere_when_its_channel_does_not_take_it(sink, attached):
    own = Channel()
    sink.attach(own)
    own.congested = True
    say_in_call(sink, own, "congested")
    sink.detach(own)
    say_in_call(sink, own, "gone")
    assert own.logs == []
    assert attached.texts == ["congested", "gone"]


def test_the_call_is_named_to_its_own_channel_only(sink, attached):
    for channel in (attached, Channel()):
        say_in_call(sink, channel)
    assert [log["call"] for log in attached.logs] == [77, 0]


def test_secrets_are_taken_out(sink, attached, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "secret-of-the-environment")
    token = current_call.set(FakeCall(attached))
    sink.emit(20, Source.STDOUT, "secret-of-the-call and secret-of-the-environment")
    current_call.reset(token)
    assert attached.texts == ["[redacted] and [redacted]"]


def test_a_long_record_is_cut(sink, attached):
    sink._kept = 1 << 20
    sink.emit(20, Source.STDOUT, "x" * (LONGEST + 1))
    assert len(attached.texts[0]) == LONGEST


KEYS = ["HUNTER" * 5, "HUNTER(2)" * 700, "sk-" + "HUNTER" * 20]  # the last for its shape alone


@pytest.fixture(params=KEYS, ids=["known", "long", "shape"])
def key(request, sink, monkeypatch):
    sink._kept = 1 << 20
    if not request.param.startswith("sk-"):
        monkeypatch.setenv("SOME_API_KEY", request.param)
    return request.param


def shown(key, channel):
    """The characters of the key that went out, and whether something did in its place."""
    text = "".join(channel.texts)
    return set(text) & set(key.removeprefix("sk-")), "[redacted]" in text


@pytest.mark.parametrize("before", [2, 20])
def test_a_record_is_not_cut_within_a_secret(sink, attached, key, before):
    sink.emit(20, Source.LOGGING, "x" * (LONGEST - before) + " " + key + " " + "y" * LONGEST)
    assert shown(key, attached) == (set(), False)
    assert attached.texts[0].startswith("x" * (LONGEST - before))


@pytest.mark.parametrize("before", [2, 20])
def test_a_line_is_not_split_within_a_secret(out, attached, key, before):
    out.write("x" * (LONGEST - before) + " " + key + " " + "y" * LONGEST + "\n")
    assert shown(key, attached) == (set(), True)
    assert "".join(attached.texts).endswith("y" * LONGEST)


@pytest.mark.parametrize("size", [7, 64, LONGEST + 1])
def test_an_endless_line_is_not_split_within_a_secret(out, attached, key, size):
    text = "x" * (LONGEST - 20) + f" {key} " + "y" * (LONGEST - len(key) + 10) + f" {key} end"
    for at in range(0, len(text), size):
        out.write(text[at : at + size])
    out.flush()
    assert shown(key, attached) == (set(), True)
    assert "".join(attached.texts).endswith("] end")


def test_a_record_that_begins_with_an_endless_secret(sink, out, attached, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "HUNTER" * LONGEST)
    sink.emit(20, Source.LOGGING, "HUNTER" * LONGEST + " of mine")
    out.write("HUNTER" * LONGEST + " of mine\n")
    assert attached.texts == ["[redacted]", "[redacted]", " of mine"]


def test_lines(out, attached):
    print("one", file=out)
    print("two\nthree", end="", file=out)
    assert attached.texts == ["one", "two"]
    print("!", file=out)
    assert attached.texts == ["one", "two", "three!"]


def test_flush_sends_what_is_there(out, attached):
    print("50 %", end="", flush=True, file=out)
    assert attached.texts == ["50 %"]


def test_lines_of_two_threads_do_not_mix(loop, out, attached):
    out.write("main")
    thread = threading.Thread(target=out.write, args=("other\n",))
    thread.start()
    thread.join()
    out.write(" line\n")
    loop.run_until_complete(asyncio.sleep(0))
    assert sorted(attached.texts) == ["main line", "other"]


def test_lines_of_two_calls_do_not_mix(out, attached):
    one, two = FakeCall(attached), FakeCall(attached)
    for call, text in ((one, "a"), (two, "b"), (one, "c\n")):
        token = current_call.set(call)
        out.write(text)
        current_call.reset(token)
    assert attached.texts == ["ac"]
    out.finish(two)
    assert attached.texts == ["ac", "b"]


def test_an_endless_line_does_not_pile_up(out, attached, sink):
    sink._kept = 1 << 20
    for _ in range(5):
        out.write("x" * LONGEST)
    assert len(out._partial) <= 1
    out.flush()
    assert sum(map(len, attached.texts)) == 5 * LONGEST
    assert max(map(len, attached.texts)) == LONGEST


def test_bytes_and_odd_text(out, attached):
    out.buffer.write(b"caf\xc3\xa9 \xff\n")
    out.write("half a pair \ud83d\n")
    assert attached.texts == ["café \\xff", "half a pair \\ud83d"]


def test_it_is_a_text_file(out):
    assert (out.fileno(), out.isatty(), out.encoding, out.writable()) == (1, False, "utf-8", True)
    with pytest.raises(TypeError):
        out.write(b"bytes")
    with pytest.raises(io.UnsupportedOperation):
        out.read()


@pytest.fixture
def logger(sink):
    logger = logging.getLogger("a.test")
    logger.propagate = False
    handler = FrameHandler(sink)
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def test_logging(logger, attached):
    logger.error("failed: %s", "why")
    (log,) = attached.logs
    assert (log["level"], log["source"], log["logger"]) == (40, 2, "a.test")
    assert log["text"] == "failed: why"


def test_logging_with_a_traceback(logger, attached):
    try:
        raise ValueError("inner")
    except ValueError:
        logger.exception("outer")
    assert attached.texts[0].startswith("outer\nTraceback")
    assert attached.texts[0].endswith("ValueError: inner")


def test_logging_with_wrong_arguments_loses_nothing(sink, attached):
    record = logging.LogRecord("a", 40, "file", 1, "%d items", ("no number",), None)
    FrameHandler(sink).handle(record)
    assert "%d items" in attached.texts[0]


def test_handlers_that_print_to_us_are_quiet_while_the_root_hears_it(sink, attached):
    ours, foreign = stdio.Stdio(sink), io.StringIO()
    stdio.keep_single(ours, ["a.single"])
    logger = logging.getLogger("a.single")
    logger.addHandler(logging.StreamHandler(ours._writers[1]))
    logger.addHandler(logging.StreamHandler(foreign))
    child = logging.getLogger("a.single.child")
    for said in (logger, child):
        said.error("heard by the root")
    assert attached.texts == []
    logger.propagate = False
    for said in (logger, child):
        said.error("printed")
    assert attached.texts == ["printed", "printed"]
    assert foreign.getvalue().splitlines() == ["heard by the root"] * 2 + ["printed"] * 2


def test_quiet_respects_a_level_that_was_chosen(logger, monkeypatch):
    stdio.quiet(["a.test"])
    assert logger.level == logging.WARNING
    logger.setLevel(logging.DEBUG)
    stdio.quiet(["a.test"])
    assert logger.level == logging.DEBUG
    logger.setLevel(logging.NOTSET)
    monkeypatch.setenv("LITELLM_LOG", "INFO")
    stdio.quiet(["a.test"])
    assert logger.level == logging.NOTSET
