"""A zip whose bytes depend on the files alone: order, dates and modes are fixed.

Compressed with libdeflate, for a few percent less than zlib makes of it. The format has no room
for more than 4 GB or 65,535 files, which a layer may not have by far.
"""

from __future__ import annotations

import ctypes
import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .files import walk
from .progress import Progress

_LEVEL = 12  # the best; 8 MB/s on a core
_DATE = (0 << 9) | (1 << 5) | 1  # 1 January 1980, the oldest that a zip can say
_VERSION = 20  # of the format: deflate
_UNIX = 3 << 8
_REGULAR = 0o100000
_STORED, _DEFLATED = 0, 8


class Deflater:
    """libdeflate. A call releases the lock of the interpreter: threads work side by side."""

    def __init__(self) -> None:
        library = ctypes.CDLL("libdeflate.so.0")
        self._new = library.libdeflate_alloc_compressor
        self._new.restype = ctypes.c_void_p
        self._free = library.libdeflate_free_compressor
        self._free.argtypes = [ctypes.c_void_p]
        self._compress = library.libdeflate_deflate_compress
        self._compress.restype = ctypes.c_size_t
        self._compress.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ]

    def deflate(self, data: bytes) -> bytes | None:
        """None: it would not be smaller."""
        room = ctypes.create_string_buffer(max(len(data), 1))
        compressor = self._new(_LEVEL)
        if not compressor:
            raise MemoryError("libdeflate has no memory for its compressor")
        size = self._compress(compressor, data, len(data), room, len(data))
        self._free(compressor)
        return room.raw[:size] if 0 < size < len(data) else None


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
