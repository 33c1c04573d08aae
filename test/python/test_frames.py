from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from litellm_bridge import frames
from litellm_bridge.frames import Decoder, ProtocolError, Times

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "frames.json").read_text())
FRAMES = VECTORS["frames"]
FROM_NODE = {
    frames.CALL: frames.read_call,
    frames.CREDIT: frames.read_credit,
    frames.CANCEL: frames.read_cancel,
}


def named(entries):
    return pytest.mark.parametrize("vector", entries, ids=lambda v: v["name"])


def with_fields(*kinds):
    return [v for v in FRAMES if v["type"] in kinds and "fields" in v]


@named(FRAMES)
def test_decodes_each_vector(vector):
    (frame,) = Decoder().feed(bytes.fromhex(vector["bytes_hex"]))
    assert frame == (
        vector["call"],
        vector["type"],
        vector["flags"],
        bytes.fromhex(vector["payload_hex"]),
    )


@named(FRAMES)
def test_encodes_each_vector(vector):
    payload = bytes.fromhex(vector["payload_hex"])
    made = frames.encode(vector["call"], vector["type"], payload, vector["flags"])
    assert made.hex() == vector["bytes_hex"]


@named(VECTORS["bad"])
def test_refuses_bad_headers(vector):
    with pytest.raises(ProtocolError, match=vector["why"]):
        Decoder().feed(bytes.fromhex(vector["bytes_hex"]))


@named([v for v in VECTORS["bad_payloads"] if v["type"] in FROM_NODE])
def test_refuses_bad_payloads(vector):
    with pytest.raises(ProtocolError):
        FROM_NODE[vector["type"]](bytes.fromhex(vector["payload_hex"]))


@named(with_fields(frames.CALL))
def test_reads_calls(vector):
    fields = vector["fields"]
    call = frames.read_call(bytes.fromhex(vector["payload_hex"]))
    expected = (fields["window"], fields["kind"], fields["name"], fields["args"].encode())
    assert call == expected


@named(with_fields(frames.CREDIT))
def test_reads_credit(vector):
    payload = bytes.fromhex(vector["payload_hex"])
    assert frames.read_credit(payload) == vector["fields"]["bytes"]


@named(with_fields(frames.RESULT, frames.END, frames.ERROR))
def test_writes_settlements(vector):
    fields = vector["fields"]
    times = Times(*(int(fields[f"{name}_ns"]) for name in ("started", "responded", "finished")))
    body = bytes.fromhex(fields["body_hex"])
    assert frames.settlement(times, fields["meta"].encode(), body).hex() == vector["payload_hex"]


@named(with_fields(frames.TEMPLATE))
def test_writes_templates(vector):
    fields = vector["fields"]
    made = frames.template(fields["slot"], fields["chunk"].encode())
    assert made.hex() == vector["payload_hex"]


@named(with_fields(frames.LOG))
def test_writes_logs(vector):
    fields = vector["fields"]
    made = frames.log(
        fields["level"],
        fields["source"],
        fields["call"],
        fields["logger"].encode(),
        fields["text"].encode(),
    )
    assert made.hex() == vector["payload_hex"]


def test_decodes_byte_by_byte():
    data = b"".join(bytes.fromhex(v["bytes_hex"]) for v in FRAMES)
    decoder = Decoder()
    found = [frame for at in range(len(data)) for frame in decoder.feed(data[at : at + 1])]
    assert b"".join(frames.encode(f.call, f.type, f.payload, f.flags) for f in found) == data


def test_decodes_at_every_cut():
    data = b"".join(bytes.fromhex(v["bytes_hex"]) for v in FRAMES[:6])
    whole = Decoder().feed(data)
    for cut in range(len(data)):
        decoder = Decoder()
        assert decoder.feed(data[:cut]) + decoder.feed(data[cut:]) == whole


def test_tells_a_bad_length_before_the_payload():
    header = struct.pack("<IIBBH", frames.MAX_PAYLOAD + 1, 1, frames.CALL, 0, 0)
    with pytest.raises(ProtocolError, match="length"):
        Decoder().feed(header)


@pytest.mark.parametrize("size", [0, 1, frames.FRAGMENT, frames.FRAGMENT + 1, 3 * frames.FRAGMENT])
def test_split_gives_all_and_marks_the_last(size):
    payload = bytes(range(256)) * (size // 256 + 1)
    payload = payload[:size]
    parts = list(frames.split(payload))
    assert b"".join(part for part, _ in parts) == payload
    assert [more for _, more in parts] == [frames.MORE] * (len(parts) - 1) + [0]
    assert all(len(part) <= frames.FRAGMENT for part, _ in parts)
    assert len(parts) == max(1, -(-size // frames.FRAGMENT))
