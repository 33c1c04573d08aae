from __future__ import annotations

import asyncio
import socket

import pytest

from litellm_bridge import channel as channels
from litellm_bridge import frames
from litellm_bridge.channel import Channel
from litellm_bridge.flow import Credit


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def pair(loop):
    ours, theirs = socket.socketpair()
    channel = Channel(loop, ours)
    yield channel, theirs
    channel.close()
    theirs.close()


def run(loop, coroutine):
    return loop.run_until_complete(asyncio.wait_for(coroutine, 30))


def test_gives_frames_however_they_are_cut(loop, pair):
    channel, theirs = pair
    got = []
    channel.on_frame = got.append
    channel.start()
    data = frames.encode(1, frames.CANCEL) + frames.encode(2, frames.CREDIT, b"abcd")

    async def feed():
        for at in range(len(data)):
            theirs.send(data[at : at + 1])
            await asyncio.sleep(0)
        while len(got) < 2:
            await asyncio.sleep(0)

    run(loop, feed())
    assert [(f.call, f.type, f.payload) for f in got] == [(1, 2, b""), (2, 3, b"abcd")]


def test_sends_all_in_order_through_a_full_socket(loop, pair):
    channel, theirs = pair
    theirs.setblocking(False)
    sent = [frames.encode(i, frames.CHUNK, bytes([i % 256]) * 50_000) for i in range(1, 40)]
    received = bytearray()

    async def exchange():
        for data in sent:
            channel.send(data)
        assert channel.congested
        while len(received) < sum(map(len, sent)):
            received.extend(await asyncio.get_running_loop().sock_recv(theirs, 1 << 16))

    run(loop, exchange())
    assert bytes(received) == b"".join(sent)
    assert channel.backlog == 0


def test_drain_waits_until_the_other_side_reads(loop, pair):
    channel, theirs = pair
    theirs.setblocking(False)

    async def exchange():
        channel.send(bytes(1 << 20))
        waiting = asyncio.ensure_future(channel.drain())
        await asyncio.sleep(0)
        assert not waiting.done()
        while not waiting.done():
            await asyncio.get_running_loop().sock_recv(theirs, 1 << 16)
            await asyncio.sleep(0)
        assert channel.backlog <= channels.HIGH

    run(loop, exchange())


def test_closing_frees_whoever_waits_to_drain(loop, pair):
    channel, _ = pair

    async def exchange():
        channel.send(bytes(1 << 20))
        waiting = asyncio.ensure_future(channel.drain())
        await asyncio.sleep(0)
        channel.close()
        await waiting

    run(loop, exchange())


def test_end_of_file_closes_once(loop, pair):
    channel, theirs = pair
    closed = []
    channel.on_close = lambda: closed.append(True)
    channel.start()
    theirs.close()

    async def wait():
        while not closed:
            await asyncio.sleep(0)
        channel.close()
        await asyncio.sleep(0)

    run(loop, wait())
    assert closed == [True]


def test_send_to_a_dead_peer_closes_and_does_not_raise(loop, pair):
    channel, theirs = pair
    closed = []
    channel.on_close = lambda: closed.append(True)
    theirs.close()

    async def exchange():
        channel.send(b"x")
        assert not closed, "the sender must not be re-entered"
        while not closed:
            await asyncio.sleep(0)
        channel.send(b"y")

    run(loop, exchange())


def test_malformed_bytes_are_a_violation(loop, pair):
    channel, theirs = pair
    errors = []
    channel.on_violation = errors.append
    channel.start()
    theirs.send(b"GET / HTTP/1.1\r\n\r\n")

    async def wait():
        while not errors:
            await asyncio.sleep(0)

    run(loop, wait())
    assert "length" in str(errors[0])


def test_flush_blocking_sends_the_rest(pair):
    channel, theirs = pair
    data = bytes(range(256)) * 4096
    channel.send(data)
    received = bytearray()
    import threading

    def read():
        while len(received) < len(data):
            received.extend(theirs.recv(1 << 16))

    reader = threading.Thread(target=read)
    reader.start()
    channel.flush_blocking(30)
    reader.join(30)
    assert bytes(received) == data


def test_flush_blocking_gives_up_on_a_peer_that_does_not_read(pair):
    channel, _ = pair
    channel.send(bytes(1 << 20))
    channel.flush_blocking(0.01)
    assert channel.backlog == 0


def test_credit_may_be_overdrawn_by_one_frame(loop):
    credit = Credit(1)
    assert credit.open
    credit.left -= 1000
    assert not credit.open
    credit.grant(999)
    assert not credit.open
    credit.grant(1)
    assert credit.open


def test_credit_wakes_the_waiter(loop):
    async def exchange():
        credit = Credit(0)
        waiting = asyncio.ensure_future(credit.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        credit.grant(5)
        await waiting

    run(loop, exchange())


def test_credit_can_be_cancelled_and_waited_for_again(loop):
    async def exchange():
        credit = Credit(0)
        waiting = asyncio.ensure_future(credit.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        credit.grant(1)
        await credit.wait()

    run(loop, exchange())
