"""libdeflate: a few percent less than zlib makes of the same bytes, in the same format."""

from __future__ import annotations

import ctypes

_LEVEL = 12  # the best; 8 MB/s on a core


class Deflater:
    """A call releases the lock of the interpreter: threads work side by side."""

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
