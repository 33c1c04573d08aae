"""Exactly LiteLLM's results where the bytes are taken in the data callback of the connection."""

from __future__ import annotations

import asyncio
import random

import pytest
from aiohttp.client_proto import ResponseHandler

from connection import SILENCE, Connection, ConnectionBench, Wire, http_chunk
from litellm_bridge.calls import Call
from litellm_bridge.fast import source, tap
from openai_corpus import corpus, short
from openai_wire import WORDS, texts, whole
from oracle import LOST, fastly
from suite import feeds, same, same_when_lost
from test_openai import FAST, LETTERS

CORPUS = corpus()
SHORT = short()
WORDY = [event + b"\n\n" for event in whole(*texts(LETTERS)).split(b"\n\n")[:-1]]


@pytest.fixture(scope="module")
def bench():
    return ConnectionBench("openai")


@pytest.fixture
def reads(monkeypatch):
    """What the task was given, piece by piece."""
    given = []

    class Counting(source.Source):
        async def read(self):
            given.append(await super().read())
            return given[-1]

    monkeypatch.setattr("litellm_bridge.fast.stream.Source", Counting)
    return given


@pytest.mark.parametrize("name", sorted(CORPUS)[::6])  # the rest is the same as without a socket
def test_streams_cut_at_random(name, bench, loop):
    *_, random = feeds(name, CORPUS[name])
    loop.run_until_complete(same(bench, random))


@pytest.mark.parametrize("name", sorted(SHORT)[:4])
def test_short_streams_byte_by_byte(name, bench, loop):
    data = SHORT[name]
    loop.run_until_complete(same(bench, [data[at : at + 1] for at in range(len(data))]))


def test_a_lost_connection(bench, loop):
    loop.run_until_complete(same_when_lost(bench, whole(*texts(WORDS))))


@pytest.mark.parametrize("at", [1, 20, 60])
def test_a_silence_longer_than_the_read_timeout(at, bench, loop, monkeypatch):
    monkeypatch.setattr(bench, "read_timeout_s", 0.2)
    _, fast = loop.run_until_complete(bench.both([*WORDY[:at], SILENCE]))
    assert fast.error is not None and "Timeout" in fast.error[2]
    loop.run_until_complete(same(bench, [*WORDY[:at], SILENCE]))


def test_a_read_of_more_than_the_reader_takes_at_once(bench, loop, monkeypatch):
    """aiohttp may parse the rest of it when there is room again, and nothing comes after that."""
    monkeypatch.setattr(bench, "read_timeout_s", 0.5)
    words = texts([f"{number} " * 500 for number in range(200)])
    events = [event + b"\n\n" for event in whole(*words).split(b"\n\n")]
    loop.run_until_complete(same(bench, [*events[:9], tuple(events[9:150]), SILENCE]))


def test_pieces_that_come_in_time_put_the_read_timeout_off(bench, loop, monkeypatch):
    monkeypatch.setattr(bench, "read_timeout_s", 0.5)
    monkeypatch.setattr(bench, "pause_s", 0.02)
    outcome = loop.run_until_complete(bench.run(fastly, WORDY))  # 2 s in all
    assert outcome.error is None and len(outcome.chunks) > len(WORDY) - 3


@pytest.mark.parametrize("name", FAST)
def test_no_task_is_woken_for_what_a_template_answers(name, bench, loop, reads):
    ending = b"\r\n\r\n" if "CRLF" in name else b"\n\n"
    pieces = [event + ending for event in FAST[name].split(ending)[:-1]]
    loop.run_until_complete(same(bench, pieces))
    assert len(pieces) > 100 and len(reads) < 20


@pytest.fixture
def parsed(monkeypatch):
    """What aiohttp's parser was given."""
    given, plain = [], ResponseHandler.data_received

    def data_received(self, data):
        given.append(data)
        plain(self, data)

    monkeypatch.setattr(ResponseHandler, "data_received", data_received)
    return given


def test_chunks_of_http_that_are_whole_go_past_its_parser(bench, loop, parsed):
    outcome = loop.run_until_complete(bench.run(fastly, WORDY))
    assert outcome.error is None and len(outcome.chunks) > len(WORDY) - 3
    assert len([*filter(None, parsed)]) < 20


def _shapes(event):
    """The same chunk of HTTP in reads of other shapes, which are the parser's to take."""
    chunk = http_chunk(event)
    size, body = chunk.split(b"\r\n", 1)
    middle = len(chunk) // 2
    yield [b"000" + chunk]
    yield [size.upper() + b";name=value\r\n" + body]
    yield [chunk[:-1], chunk[-1:]]
    yield [chunk[:-2], chunk[-2:]]
    yield [chunk[:1], chunk[1:]]
    yield [chunk[:middle], chunk[middle:]]
    yield [http_chunk(event[:9]) + http_chunk(event[9:])]
    yield [http_chunk(event[:9]) + http_chunk(event[9:])[:-1], b"\n"]
    # The middle of this one looks like two chunks.
    inner = http_chunk(b"data: ")
    size = len(event) + 2 * len(inner) + 4
    yield [b"%x\r\n" % size + b": ", inner, inner, b"\n\n" + event + b"\r\n"]


@pytest.mark.parametrize("upper", [False, True])
def test_chunks_of_http_in_other_shapes_between_whole_ones(upper, bench, loop):
    pieces = list(WORDY[:12])
    for number, reads in enumerate(_shapes(WORDY[12])):
        pieces += [*map(Wire, reads), *WORDY[13 + number : 16 + number]]
    if upper:
        size, body = http_chunk(WORDY[40]).split(b"\r\n", 1)
        pieces.append(Wire(size.upper() + b"\r\n" + body))
    loop.run_until_complete(same(bench, [*pieces, *WORDY[40:]]))


def test_a_chunk_of_http_that_began_while_nobody_waited(loop):
    """What it goes on with looks like two chunks of their own."""
    inner, got = http_chunk(b"inner"), []
    begun = b"%x\r\nbegun" % (len(b"begun") + 2 * len(inner) + len(b"end"))
    known = map(http_chunk, (b"one", b"two", b"stop"))
    reads = [*known, begun, inner, inner, b"end\r\n"]

    def take_now(piece):
        got.append(piece)
        return piece != b"stop"

    async def stream():
        response = await Connection([*map(Wire, reads)], None, 0).open()
        reader = source.Source(response, take_now)
        while (piece := await reader.read()) is not None:
            got.append(piece)
            for _ in range(9 if piece == b"" else 0):
                await asyncio.sleep(0)
        await reader.close()

    loop.run_until_complete(stream())
    assert b"".join(got) == b"onetwostopbegun" + inner + inner + b"end"


@pytest.mark.parametrize("seed", range(20))
def test_chunks_of_http_and_reads_cut_at_random(seed, bench, loop):
    draw = random.Random(seed)
    chunks = [http_chunk(event) for event in WORDY]
    wire, reads = b"".join(chunks), []
    while wire:
        at = len(chunks.pop(0)) if chunks and draw.random() < 0.8 else draw.randint(1, 300)
        reads.append(Wire(wire[:at]))
        wire = wire[at:]
        if draw.random() < 0.5:  # a read that ends where a chunk does
            rest = [len(chunk) for chunk in chunks]
            while sum(rest) > len(wire):
                rest.pop(0)
                chunks.pop(0)
            if len(wire) > sum(rest):
                reads.append(Wire(wire[: len(wire) - sum(rest)]))
                wire = wire[len(wire) - sum(rest) :]
    loop.run_until_complete(same(bench, reads))


def test_a_reader_without_the_hook_is_read_by_the_task(bench, loop, reads, monkeypatch):
    monkeypatch.setattr(tap, "_is_known", lambda loop: False)
    loop.run_until_complete(same(bench, WORDY))
    assert len(reads) >= len(WORDY) - 1


def test_a_failure_in_the_callback_is_the_streams(bench, loop, monkeypatch):
    calls = []

    def fail(self, kind, part, flags=0):
        calls.append(part)
        if len(calls) > 50:
            raise MemoryError("no room for it")

    monkeypatch.setattr(Call, "put", fail)
    outcome = loop.run_until_complete(bench.run(fastly, WORDY))
    assert outcome.error == ("MemoryError", None, "no room for it")


def test_without_credit_the_connection_is_held_up(loop, monkeypatch):
    """As far as the reader's own limit; and all of it comes when there is credit."""
    bench = ConnectionBench("openai")
    open_again = asyncio.Event()

    async def wait(self, kind, payload, flags=0):
        await open_again.wait()
        self.put(kind, payload, flags)

    def try_send_all(self, messages):
        return plain(self, messages) if open_again.is_set() or self.channel.data == b"" else 0

    plain = Call.try_send_all
    monkeypatch.setattr(Call, "send", wait)
    monkeypatch.setattr(Call, "try_send_all", try_send_all)

    async def stream():
        words = [f"{number} " * 500 for number in range(400)]
        data = whole(*texts(words))
        pieces = [data[at : at + 150_000] for at in range(0, len(data), 150_000)]
        running = asyncio.create_task(bench.run(fastly, pieces))
        while not (hasattr(bench, "last") and bench.last.socket.pauses):
            assert not running.done(), running.result()
            await asyncio.sleep(0)
        assert bench.last._reader._size < 300_000
        open_again.set()
        outcome = await running
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in outcome.chunks)
        assert text == "".join(words)

    loop.run_until_complete(stream())


def test_the_connection_is_as_it_was_afterwards(bench, loop):
    loop.run_until_complete(bench.run(fastly, WORDY))
    connection = bench.last
    assert "data_received" not in vars(connection.protocol)
    assert connection.socket.receive == connection.protocol.data_received


FLOOD = whole(*texts([f"{number} " for number in range(5000)]))  # a megabyte
KNOWN = 5 * len(WORDY[0])  # bytes of it after which its events are understood


def test_a_flood_leaves_the_loop_to_others(bench, loop, monkeypatch):
    """However much comes in one read: the next turn of the loop is not far."""
    turn, taken, plain = [0], {}, Call.try_send_all

    def count(self, messages):
        taken[turn[0]] = taken.get(turn[0], 0) + len(messages)
        return plain(self, messages)

    async def stream():
        running = asyncio.create_task(bench.run(fastly, [FLOOD[:KNOWN], FLOOD[KNOWN:]]))
        while not running.done():
            turn[0] += 1
            await asyncio.sleep(0)
        return await running

    monkeypatch.setattr(Call, "try_send_all", count)
    outcome = loop.run_until_complete(stream())
    assert len(outcome.chunks) > 5000
    assert max(taken.values()) < 200 and len(taken) > 30


def test_what_came_before_a_loss_is_not_lost(bench, loop, monkeypatch):
    """Though it is taken in turns of the loop that come after the loss."""

    async def taken(self):
        await asyncio.sleep(0)

    monkeypatch.setattr(Connection, "_taken", taken)
    loop.run_until_complete(same(bench, [FLOOD[:KNOWN], FLOOD[KNOWN:60_000], LOST]))
