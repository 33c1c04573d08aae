"""The tokens of an encoding with their ranks, packed, and the byte pairs of a piece merged by them.

tiktoken's tables of o200k_base take 55 MB, since each token is kept three times and each copy is
an allocation. Here all tokens are one string of bytes, and a hash table of numbers finds them.
"""

from __future__ import annotations

import io
from array import array
from binascii import a2b_base64
from heapq import heapify, heappop, heappush

from .fitness import require

_NONE = 1 << 62  # a rank above all


class Ranks:
    """Of the lines of a tiktoken file: a token in base64, a blank, its rank."""

    def __init__(self, contents: bytes) -> None:
        """Line by line, so that a million small objects don't leave the heap in holes."""
        count = contents.count(b"\n")
        self._mask = (1 << (count * 2).bit_length()) - 1  # at most half of the slots are taken
        self._slots = array("I", bytes(4 * (self._mask + 1)))  # rank + 1; 0: free
        self._starts = array("I", bytes(4 * (count + 1)))
        parts = bytearray()
        for rank, line in enumerate(io.BytesIO(contents)):
            token, told = line.split()
            require(int(told) == rank, "the ranks count up from 0")
            parts += self._place(a2b_base64(token), rank)
            self._starts[rank + 1] = len(parts)
        self._tokens = bytes(parts)
        bytes_known = all(self.of(bytes((byte,))) < _NONE for byte in range(256))
        require(bytes_known, "each byte is a token")

    def _place(self, token: bytes, rank: int) -> bytes:
        mask, slots = self._mask, self._slots
        slot = hash(token) & mask
        while slots[slot]:
            slot = (slot + 1) & mask
        slots[slot] = rank + 1
        return token

    def of(self, token: bytes) -> int:
        """`_NONE`: there is no such token."""
        mask, slots, starts = self._mask, self._slots, self._starts
        slot = hash(token) & mask
        while rank := slots[slot]:
            if self._tokens[starts[rank - 1] : starts[rank]] == token:
                return rank - 1
            slot = (slot + 1) & mask
        return _NONE

    def encode(self, piece: bytes) -> tuple[int, ...]:
        """The tokens of one piece of a text, as tiktoken makes them."""
        whole = self.of(piece)
        return (whole,) if whole < _NONE else self._merge(piece)

    def _merge(self, piece: bytes) -> tuple[int, ...]:
        """Again and again the two neighbours whose joint has the lowest rank, leftmost first.

        A part is known by its start; ends[start] is where the next begins, and 0 where none does.
        """
        size = len(piece)
        ends, befores = list(range(1, size + 1)), list(range(-1, size))
        of = self.of
        waiting = [(of(piece[i : i + 2]), i, i + 2) for i in range(size - 1)]
        waiting = [joint for joint in waiting if joint[0] < _NONE]
        heapify(waiting)
        while waiting:
            _, start, end = heappop(waiting)
            middle = ends[start]
            if not middle or middle == size or ends[middle] != end:
                continue  # one of the two has been merged meanwhile
            ends[start], ends[middle] = end, 0
            if end < size:
                befores[end] = start
                _propose(waiting, of(piece[start : ends[end]]), start, ends[end])
            if start:
                before = befores[start]
                _propose(waiting, of(piece[before:end]), before, end)
        starts = (start for start in range(size) if ends[start])
        return tuple(of(piece[start : ends[start]]) for start in starts)


def _propose(waiting: list[tuple[int, int, int]], rank: int, start: int, end: int) -> None:
    if rank < _NONE:
        heappush(waiting, (rank, start, end))
