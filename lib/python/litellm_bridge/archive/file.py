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
from _frozen_importlib_external import MAGIC_NUMBER

TYPE_CHECKING = False  # typing's own would import typing
if TYPE_CHECKING:
    from mmap import mmap
    from types import CodeType
    from typing import Any, TypeAlias

    # What a folder's table says of a name: the code of a module (whether it is a package; offset,
    # size, crc32 of what is in the archive; the code's size if that is compressed, else 0; what its
    # source was, if that is to be looked at); the file name of an extension module; True: a folder
    # without code; None: the file system knows.
    Seen: TypeAlias = tuple[int, int, bytes]  # size, mtime_ns (0: about the archive's own), hash
    Module: TypeAlias = tuple[bool, int, int, int, int, Seen | None]
    Entry: TypeAlias = Module | str | bool | None
    Table: TypeAlias = dict[str, Entry]
    # A folder (its root and what is below), and its date (mtime_ns), or its names.
    Stamp: TypeAlias = tuple[str, str, int | list[str]]
    # By path: the names that came to a folder since, and those that it had.
    Added: TypeAlias = dict[str, tuple[list[str], list[str]]]

NAME = "litellm-bridge.archive"
MAGIC = b"LBARC\x04\r\n"  # with the version of the layout; lib/environment.js knows it, too
HEADER_SIZE = 40
RAW_DEFLATE = -15  # zlib's wbits: without head and checksum, which we have
HASH_KEY = 0x6C69746C6C6D  # of the index's hash: tells damage, not malice; that is _may_trust's job
_LARGEST = 1 << 30  # bytes
_TOGETHER_NS = 60_000_000_000  # what one npm or one zip writes
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
    that can be imported from there. added: of a layer, what others put beside it.
    """

    def __init__(
        self,
        path: str,
        fd: int,
        index: Index,
        folders: dict[str, tuple[int, int, bool]],
        added: Added,
    ) -> None:
        self.path = path
        self._fd = fd
        self._made_ns = os.fstat(fd).st_mtime_ns
        self._map: mmap | None = None
        self._index = index
        self.folders = folders
        self.added = added
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
        self._decompress = zlib.decompress
        self._map = mmap.mmap(self._fd, 0, prot=mmap.PROT_READ)
        self._map.madvise(mmap.MADV_WILLNEED, 0, self._index.code_at + self._index.head["started"])

    def code(self, module: Module, path: str) -> CodeType | None:
        """None: damaged, or the source is another by now; the file is to be read instead."""
        _, offset, size, crc, whole, seen = module
        if self._map is None or not is_unchanged(path, seen, self._made_ns):
            return None
        offset += self._index.code_at
        with memoryview(self._map)[offset : offset + size] as data:
            if self._crc(data) != crc:
                self.damaged.append(path)
                return None
            code: CodeType = marshal.loads(
                self._decompress(data, RAW_DEFLATE, whole) if whole else data
            )
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


def is_unchanged(path: str, seen: Seen | None, made_ns: int) -> bool:
    """Of a small source file. A copy of it may have another date. made_ns: the archive's date."""
    if seen is None:
        return True
    size, mtime_ns, content = seen
    info = os.stat(path)
    if info.st_size != size:
        return False
    if mtime_ns:
        same = info.st_mtime_ns == mtime_ns
    else:
        same = info.st_mtime_ns < made_ns + _TOGETHER_NS
    return same or look_at(path)[2] == content


def look_at(path: str) -> Seen:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        info = os.fstat(fd)
        return info.st_size, info.st_mtime_ns, keyed_hash(os.read(fd, info.st_size + 1))
    finally:
        os.close(fd)


def interpreter() -> str:
    """Code objects of one interpreter are of no use to another, even of the same name."""
    return f"{_family()} {sys.version} {sys.maxsize} {sys.byteorder} {sys.flags.optimize}"


def portable_interpreter() -> str:
    """All that take the same .pyc files, with any options: for archives that others make."""
    magic = int.from_bytes(MAGIC_NUMBER[:2], "little")
    return f"{_family()} {magic} {sys.maxsize} {sys.byteorder}"


def _family() -> str:
    return f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"


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
        _may_trust(fd, path, worker)
        index = _read_index(fd)
        places = roots(os.path.dirname(path), worker)
        added = _must_fit(index.head, places)
        return Archive(path, fd, index, _folders(index.head, places, added), added)
    except BaseException:
        os.close(fd)
        raise


def _may_trust(fd: int, path: str, worker: str) -> None:
    """Code is run from it: only the user and root may be able to have written it.

    Or whoever may have written the program that reads it.
    """
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        raise Unusable("it is not a file")
    home = os.path.realpath(os.path.dirname(path))
    if any(_is_safe_as(program, info, home) for program in _programs(worker)):
        return
    _must_be_ours(info, path, may_be_sticky=False)
    _must_be_out_of_reach(home)


def _programs(worker: str) -> list[str]:
    """What is run anyway: the interpreter, and this package."""
    names = [sys.executable, *[f"{worker}/litellm_bridge/__main__.py"] * bool(worker)]
    return [os.path.realpath(name) for name in names]


def _is_safe_as(program: str, info: os.stat_result, home: str) -> bool:
    """Whether all who could have written it could have written that program in its folder.

    So a layer's is used whoever owns the layer, and the package's whoever owns the package.
    """
    if not program.startswith(home + os.sep) or not os.path.exists(program):
        return False
    own = os.stat(program)
    more = info.st_mode & ~own.st_mode & 0o022
    return (info.st_uid, info.st_gid, more) == (own.st_uid, own.st_gid, 0)


def _must_be_out_of_reach(folder: str) -> None:
    """Neither may the folders above be others'."""
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


def _must_fit(head: dict[str, Any], places: dict[str, str]) -> Added:
    """Returns what came to folders since: other layers put theirs beside a layer's."""
    if head["interpreter"] != (portable_interpreter() if head["portable"] else interpreter()):
        raise Unusable("it is of another Python")
    added: Added = {}
    for root, relative, value in head["stamps"]:
        folder = os.path.join(places[root], relative) if relative else places[root]
        try:
            if isinstance(value, list):
                more = set(names_in(folder)).difference(value)
                if more:
                    added[folder] = sorted(more), value
            elif not _is_dated(folder, value):
                raise Unusable(f"{folder} has changed")
        except OSError as exc:
            raise Unusable(f"{folder} can't be read: {exc.strerror}") from None
    return added


def _is_dated(folder: str, mtime_ns: int) -> bool:
    """Container images keep whole seconds only."""
    now_ns = os.stat(folder).st_mtime_ns
    return now_ns == mtime_ns or now_ns == mtime_ns // 1_000_000_000 * 1_000_000_000


def names_in(folder: str) -> list[str]:
    """Without what comes and goes though nothing is installed."""
    return [name for name in os.listdir(folder) if name not in _NOT_STAMPED]


def _folders(
    head: dict[str, Any], places: dict[str, str], added: Added
) -> dict[str, tuple[int, int, bool]]:
    folders: dict[str, tuple[int, int, bool]] = {}
    for (root, relative), (offset, size, complete) in head["folders"].items():
        folder = os.path.join(places[root], relative) if relative else places[root]
        folders[folder] = offset, size, complete and folder not in added
    return folders
