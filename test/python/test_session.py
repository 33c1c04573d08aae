from __future__ import annotations

import struct

import pytest

from litellm_bridge import frames
from litellm_bridge.frames import Frame, ProtocolError
from litellm_bridge.session import Session


class SilentChannel:
    congested = False

    def __init__(self):
        self.sent = []

    def send(self, data):
        self.sent += frames.Decoder().feed(data)


@pytest.fixture
def begun():
    return []


@pytest.fixture
def session(begun):
    return Session(SilentChannel(), begun.append)


def call_payload(name=b"completion", arguments=b"{}"):
    return struct.pack("<IBBH", 100, 1, 0, len(name)) + name + arguments


def test_opens_a_call(session, begun):
    session.receive(Frame(7, frames.CALL, 0, call_payload(arguments=b'{"a":1}')))
    (call,) = begun
    assert (call.id, call.name, call.is_stream, call.arguments) == (7, "completion", True, {"a": 1})
    assert call.credit.open


def test_joins_fragments_of_two_calls(session, begun):
    one, two = call_payload(arguments=b'{"a":"one"}'), call_payload(arguments=b'{"a":"two"}')
    session.receive(Frame(1, frames.CALL, frames.MORE, one[:10]))
    session.receive(Frame(2, frames.CALL, frames.MORE, two[:12]))
    session.receive(Frame(1, frames.CALL, 0, one[10:]))
    session.receive(Frame(2, frames.CALL, 0, two[12:]))
    assert [(call.id, call.arguments["a"]) for call in begun] == [(1, "one"), (2, "two")]


def test_credit_and_cancel_of_unknown_calls_are_ignored(session, begun):
    session.receive(Frame(5, frames.CREDIT, 0, struct.pack("<I", 9)))
    session.receive(Frame(5, frames.CANCEL, 0, b""))
    assert begun == []


def test_credit_reaches_its_call(session, begun):
    session.receive(Frame(1, frames.CALL, 0, call_payload()))
    begun[0].credit.left -= 100
    session.receive(Frame(1, frames.CREDIT, 0, struct.pack("<I", 1)))
    assert begun[0].credit.open


def test_an_id_in_flight_is_refused_and_a_finished_one_is_free(session, begun):
    session.receive(Frame(1, frames.CALL, 0, call_payload()))
    with pytest.raises(ProtocolError):
        session.receive(Frame(1, frames.CALL, 0, call_payload()))
    session.finished(begun[0])
    session.receive(Frame(1, frames.CALL, 0, call_payload()))
    assert len(begun) == 2


@pytest.mark.parametrize(
    "frame",
    [
        Frame(0, frames.CALL, 0, call_payload()),
        Frame(1, frames.RESULT, 0, b""),
        Frame(1, frames.HELLO, 0, b"{}"),
        Frame(1, frames.CALL, 0, b"short"),
    ],
    ids=["call id 0", "a result from Node", "a hello from Node", "a cut call"],
)
def test_refuses_what_node_must_not_send(session, frame):
    with pytest.raises(ProtocolError):
        session.receive(frame)


def test_a_call_settles_once(session, begun):
    session.receive(Frame(1, frames.CALL, 0, call_payload()))
    begun[0].settle(frames.ERROR, {"code": "ERR_PROVIDER"})
    begun[0].settle(frames.END, {})
    assert [frame.type for frame in session.channel.sent] == [frames.ERROR]


def test_try_send_refuses_without_credit_or_room(session, begun):
    session.receive(Frame(1, frames.CALL, 0, call_payload()))
    call = begun[0]
    assert not call.try_send(frames.CHUNK, bytes(frames.FRAGMENT + 1))
    assert call.try_send(frames.CHUNK, bytes(36))
    assert not call.try_send(frames.CHUNK, b"x"), "64 + 36 bytes were the whole window"
    call.credit.grant(1)
    session.channel.congested = True
    assert not call.try_send(frames.CHUNK, b"x")
