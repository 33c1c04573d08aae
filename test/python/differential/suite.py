"""What every format's streams are put through."""

from __future__ import annotations

import random
from typing import Any

from oracle import LOST, Bench
from versions import IS_LOCKED

BYTEWISE = 6000  # bytes; a longer stream is fed in pieces of more than one byte


def feeds(
    name: str, data: bytes, end: bytes = b"\n\n", events: list[bytes] | None = None
) -> list[list[bytes]]:
    """The stream whole, per event, byte by byte (or nearly), and at random places."""
    step = 1 if len(data) < BYTEWISE else len(data) // 997
    events = events or [event + end for event in data.split(end)]
    places = random.Random(name)
    marks = sorted(places.randrange(len(data) + 1) for _ in range(12))
    pieces = [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)], strict=True)]
    bytewise = [data[at : at + step] for at in range(0, len(data), step)]
    return [[data], events, bytewise, [piece for piece in pieces if piece]]


async def same(bench: Bench, pieces: list[Any], **options: Any) -> int:
    """How many events LiteLLM was given."""
    plain, fast = await bench.both(pieces, **options)
    plain_facts, fast_facts = plain.facts(), fast.facts()
    for name, value in plain_facts.items():
        assert fast_facts[name] == value, (name, fast_facts[name], value, pieces[:3])
    return fast.given


async def same_at_every_cut(bench: Bench, data: bytes) -> None:
    """On the newer LiteLLM at every fifth, which takes a fifth of the time."""
    for at in range(1, len(data), 1 if IS_LOCKED else 5):
        await same(bench, [data[:at], data[at:]])


async def same_when_lost(bench: Bench, data: bytes, end: bytes = b"\n\n") -> None:
    """The connection breaks off: at once, after events, and within one."""
    events = [event + end for event in data.split(end)]
    for at in (0, 1, 3, 6):
        await same(bench, [*events[:at], LOST])
        await same(bench, [*events[:at], events[at][:9], LOST])
