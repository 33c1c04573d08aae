"""A zip whose bytes depend on the files alone: order, dates and modes are fixed.

The format has no room for more than 4 GB or 65,535 files, which a layer may not have by far.
"""

from __future__ import annotations

import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .deflate import Deflater
from .files import walk
from .progress import Progress

_DATE = (0 << 9) | (1 << 5) | 1  # 1 January 1980, the oldest that a zip can say
_VERSION = 20  # of the format: deflate
_UNIX = 3 << 8
_REGULAR = 0o100000
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True)
class Entry:
    name: bytes
    mode: int
    crc: int
    size: int
    data: bytes
    method: int

    def fields(self) -> bytes:
        """What the entry and the table of contents say alike."""
        sizes = (self.crc, len(self.data), self.size, len(self.name), 0)
        return struct.pack("<HHHHHIIIHH", _VERSION, 0, self.method, 0, _DATE, *sizes)

    def local(self) -> bytes:
        return b"PK\x03\x04" + self.fields() + self.name + self.data

    def central(self, offset: int) -> bytes:
        attributes = (_REGULAR | self.mode) << 16
        head = b"PK\x01\x02" + struct.pack("<H", _UNIX | _VERSION) + self.fields()
        return head + struct.pack("<HHHII", 0, 0, 0, attributes, offset) + self.name


def write_zip(root: Path, target: Path, progress: Progress) -> None:
    """Packs the folder `root`, with its own name in front."""
    files = list(walk(root))
    deflater = Deflater()

    def entry_of(path: Path) -> Entry:
        data = path.read_bytes()
        small = deflater.deflate(data)
        return Entry(
            name=f"{root.name}/{path.relative_to(root)}".encode(),
            mode=path.stat().st_mode & 0o777,
            crc=zlib.crc32(data),
            size=len(data),
            data=data if small is None else small,
            method=_STORED if small is None else _DEFLATED,
        )

    with target.open("xb") as file, ThreadPoolExecutor(os.cpu_count()) as threads:
        contents = []
        for count, entry in enumerate(threads.map(entry_of, files), 1):
            contents.append(entry.central(file.tell()))
            file.write(entry.local())
            progress.count(count, len(files))
        start = file.tell()
        table = b"".join(contents)
        numbers = (0, 0, len(files), len(files), len(table), start, 0)
        file.write(table + b"PK\x05\x06" + struct.pack("<HHHHIIH", *numbers))
