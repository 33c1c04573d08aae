"""Reads the start archive, if it is one that we may trust and that fits what is installed.

Layout: HEADER_SIZE bytes (MAGIC; sizes of the file, of the index and of its head, little-endian;
hash of those and the index: eight bytes each); the index, which is its head and a table for each folder
(marshal); the code of the modules (marshal), those of a start first and in their order.

Imported before the archive is open, so it imports only what is built in or frozen.
"""

from __future__ import annotations

import _imp
import marshal
import os
import stat
import sys

TYPE_CHECKING = False  # typing's own would import typing
if TYPE_CHECKING:
    from mmap import mmap
    from types import CodeType
    from typing import Any, TypeAlias

    # What a folder's table says of a name: the code of a module (whether it is a package; offset,
    # size, crc32; what its source was, if that is to be looked at); the file name of an extension
    # module; True: a folder without code; None: the file system knows.
    Seen: TypeAlias = tuple[int, int, bytes]  # size, mtime_ns, hash
    Module: TypeAlias = tuple[bool, int, int, int, Seen | None]
    Entry: TypeAlias = Module | str | bool | None
    Table: TypeAlias = dict[str, Entry]
    # A folder (its root and what is below), how it is looked at ("names", "mtime"), what was seen.
    Stamp: TypeAlias = tuple[str, str, str, int | bytes]

NAME = "litellm-bridge.archive"
MAGIC = b"LBARC\x03\r\n"  # with the version of the layout; lib/environment.js knows it, too
HEADER_SIZE = 40
HASH_KEY = 0x6C69746C6C6D  # of the index's hash: tells damage, not malice; that is _may_trust's job
_LARGEST = 1 << 30  # bytes
_NOT_STAMPED = ("__pycache__", NAME, "litellm-bridge.json")  # the last is the layer's manifest


class Unusable(Exception):
    """Why the archive is passed over."""


class Index:
    """What the archive says of itself, and where its parts begin."""

    def __init__(self, head: dict[str, Any], tables_at: int, code_at: int) -> None:
        self.head = head
        self.tables_at = tables_at
        self.code_at = code_at


class Archive:
    """An open archive. Its code is read with `code`; any thread.

    folders: by path, where the folder's table is, its size, and whether it names everything
    that can be imported from there.
    """

    def __init__(self, fd: int, index: Index, folders: dict[str, tuple[int, int, bool]]):
        self._fd = fd
        self._map: mmap | None = None
        self._index = index
        self.folders = folders
        self.groups: list[str] = index.head["groups"]  # of the packages' entry points
        self.later: dict[str, list[str]] = index.head["later"]
        self.sealed = True  # what a complete folder's table does not name is not there
        self.damaged: list[str] = []  # files whose code was not what it should be

    def table(self, path: str) -> Table:
        offset, size, _ = self.folders[path]
        offset += self._index.tables_at
        if self._map is None:
            table: Table = marshal.loads(os.pread(self._fd, size, offset))
        else:
            table = marshal.loads(self._map[offset : offset + size])
        return table

    def knows(self, folder: str) -> bool:
        """Whether nothing can be imported from there that the archive does not know of."""
        if folder in self.folders:
            return self.folders[folder][2]
        return not os.path.exists(folder)

    def map(self) -> None:
        """Maps the file, and asks the system to read what a start needs in one go."""
        import mmap
        import zlib

        self._crc = zlib.crc32
        self._map = mmap.mmap(self._fd, 0, prot=mmap.PROT_READ)
        self._map.madvise(mmap.MADV_WILLNEED, 0, self._index.code_at + self._index.head["started"])

    def code(self, module: Module, path: str) -> CodeType | None:
        """None: damaged, or the source is another by now; the file is to be read instead."""
        _, offset, size, crc, seen = module
        if self._map is None or not is_unchanged(path, seen):
            return None
        offset += self._index.code_at
        with memoryview(self._map)[offset : offset + size] as data:
            if self._crc(data) != crc:
                self.damaged.append(path)
                return None
            code: CodeType = marshal.loads(data)
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]
        return code

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        os.close(self._fd)

    def rest(self) -> None:
        """Gives the pages back; they come again if they are needed."""
        if self._map is not None:
            import mmap

            self._map.madvise(mmap.MADV_DONTNEED)


def keyed_hash(data: bytes) -> bytes:
    return _imp.source_hash(HASH_KEY, data)


def is_unchanged(path: str, seen: Seen | None) -> bool:
    """Of a small source file. A copy of it may have another date."""
    if seen is None:
        return True
    info = os.stat(path)
    if info.st_size != seen[0]:
        return False
    return info.st_mtime_ns == seen[1] or look_at(path)[2] == seen[2]


def look_at(path: str) -> Seen:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        info = os.fstat(fd)
        return info.st_size, info.st_mtime_ns, keyed_hash(os.read(fd, info.st_size + 1))
    finally:
        os.close(fd)


def interpreter(version: str = sys.version) -> str:
    """Code objects of one interpreter are of no use to another, even of the same name."""
    name = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')} {version}"
    return f"{name} {sys.maxsize} {sys.byteorder} {sys.flags.optimize}"


def short_version() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def roots(home: str, worker: str) -> dict[str, str]:
    """The folders that the archive's paths start from."""
    return {"home": home, "stdlib": sys._stdlib_dir, "worker": worker}  # type: ignore[attr-defined]


def open_archive(path: str, worker: str) -> Archive | None:
    """None: there is none. Unusable: it is not safe, not whole or not of these packages.

    worker: the folder of the litellm_bridge package's parent.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise Unusable(f"it can't be opened: {exc.strerror}") from None
    try:
        _may_trust(fd, path)
        index = _read_index(fd)
        places = roots(os.path.dirname(path), worker)
        _must_fit(index.head, places)
        return Archive(fd, index, _folders(index.head, places))
    except BaseException:
        os.close(fd)
        raise


def _may_trust(fd: int, path: str) -> None:
    """Code is run from it: only the user and root may be able to have written it."""
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        raise Unusable("it is not a file")
    _must_be_ours(info, path, may_be_sticky=False)
    folder = os.path.realpath(os.path.dirname(path))
    while True:
        _must_be_ours(os.stat(folder), folder, may_be_sticky=True)
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _must_be_ours(info: os.stat_result, path: str, *, may_be_sticky: bool) -> None:
    if info.st_uid not in (0, os.geteuid()):
        raise Unusable(f"{path} belongs to another user")
    # In a sticky folder, as /tmp, others can't rename or remove what is not theirs.
    sticky = may_be_sticky and info.st_mode & stat.S_ISVTX
    if info.st_mode & 0o022 and not sticky:
        raise Unusable(f"{path} may be written by others")


def _read_index(fd: int) -> Index:
    header = os.pread(fd, HEADER_SIZE, 0)
    size, index_size, head_size = (
        int.from_bytes(header[at : at + 8], "little") for at in (8, 16, 24)
    )
    if header[:5] == MAGIC[:5] and header[:8] != MAGIC:
        raise Unusable("it is of another version of litellm-bridge")
    if header[:8] != MAGIC or size != os.fstat(fd).st_size or not index_size < size < _LARGEST:
        raise Unusable("it is damaged")
    data = os.pread(fd, index_size, HEADER_SIZE)
    if keyed_hash(header[8:32] + data) != header[32:]:
        raise Unusable("it is damaged")
    return Index(marshal.loads(data), HEADER_SIZE + head_size, HEADER_SIZE + index_size)


def _must_fit(head: dict[str, Any], places: dict[str, str]) -> None:
    version = short_version() if head["portable"] else sys.version
    if head["interpreter"] != interpreter(version):
        raise Unusable("it is of another Python")
    for root, relative, kind, value in head["stamps"]:
        folder = os.path.join(places[root], relative) if relative else places[root]
        try:
            same = names_stamp(folder) == value if kind == "names" else _is_dated(folder, value)
        except OSError as exc:
            raise Unusable(f"{folder} can't be read: {exc.strerror}") from None
        if not same:
            raise Unusable(f"{folder} has changed")


def _is_dated(folder: str, mtime_ns: int) -> bool:
    """Container images keep whole seconds only."""
    now_ns = os.stat(folder).st_mtime_ns
    return now_ns == mtime_ns or now_ns == mtime_ns // 1_000_000_000 * 1_000_000_000


def names_stamp(folder: str) -> bytes:
    """Of what a folder holds. Packages are named there with their versions, by pip.

    What comes and goes without any change of them is left out.
    """
    names = sorted(name for name in os.listdir(folder) if name not in _NOT_STAMPED)
    return keyed_hash("\0".join(names).encode("utf-8", "surrogateescape"))


def _folders(head: dict[str, Any], places: dict[str, str]) -> dict[str, tuple[int, int, bool]]:
    return {
        os.path.join(places[root], relative) if relative else places[root]: where
        for (root, relative), where in head["folders"].items()
    }
