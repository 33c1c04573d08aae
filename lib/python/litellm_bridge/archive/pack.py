"""Puts an archive together (its layout: file.py). The same files give the same bytes."""

from __future__ import annotations

import marshal
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterable

from . import file, plan
from .plan import Place, Plan, Roots, Source

CodeOf = Callable[[Source], bytes | None]  # marshalled; None: the file is no Python
# Raw, one by one. None: it would not be smaller.
Deflate = Callable[[Iterable[bytes]], Iterable[bytes | None]]


class Packer:
    """sizes: bytes in the archive, by the first part of the modules' place and name."""

    def __init__(
        self, what: Plan, places: Roots, code_of: CodeOf, deflate: Deflate | None = None
    ) -> None:
        """deflate: for what is not among the plan's plain sources."""
        self.sizes: Counter[str] = Counter()
        self._plan = what
        self._places = places
        self._code_of = code_of
        self._deflate = deflate
        self._code = bytearray()
        self._started = 0  # bytes of the code that a start needs
        self._tables: dict[Place, file.Table] = {}

    def assemble(self, interpreter: str) -> bytes:
        """interpreter: as `file.interpreter` names it, or `file.portable_interpreter`."""
        self._add_modules()
        self._add_others()
        tables = b""
        folders: dict[Place, tuple[int, int, bool]] = {}
        for place, table in self._tables.items():
            data = marshal.dumps(table)
            folders[place] = len(tables), len(data), place in self._plan.complete
            tables += data
        head = {
            "interpreter": interpreter,
            "portable": self._plan.portable,
            "stamps": self._plan.stamps,
            "folders": folders,
            "started": self._started,
            "later": self._plan.later,
            "groups": sorted(self._groups()),
        }
        return put_together(marshal.dumps(head), tables, bytes(self._code))

    def _add_modules(self) -> None:
        sources = self._plan.sources
        codes = [self._code_of(source) for source in sources.values()]
        small = self._compressed(codes)
        for count, (named, code, data) in enumerate(zip(sources, codes, small, strict=True), 1):
            if code is not None:
                self._add(named, data or code, len(code) if data else 0)
            if count == self._plan.started:
                self._started = len(self._code)
        for (place, name), file_name in self._plan.extensions.items():
            self._table(place)[name] = file_name
        for place, name in sorted(self._plan.namespaces):
            self._table(place).setdefault(name, True)

    def _compressed(self, codes: list[bytes | None]) -> list[bytes | None]:
        """None for what stays as it is."""
        if self._deflate is None:
            return [None] * len(codes)
        plain = self._plan.plain
        return [None] * plain + list(self._deflate(code or b"" for code in codes[plain:]))

    def _add(self, named: plan.Named, data: bytes, whole: int) -> None:
        place, name = named
        source = self._plan.sources[named]
        seen = self._seen(source) if place[0] == "worker" else None
        where = len(self._code), len(data), zlib.crc32(data)
        self._table(place)[name] = (source.package, *where, whole, seen)
        self._code += data
        self.sizes[(place[1] or name).partition(os.sep)[0]] += len(data)

    def _seen(self, source: Source) -> file.Seen:
        """Another version of the package may have the same environment, and people edit."""
        size, mtime_ns, content = file.look_at(source.path)
        return size, 0 if self._plan.portable else mtime_ns, content

    def _add_others(self) -> None:
        for place in self._plan.complete:
            table = self._table(place)
            others = plan.other_names(self._places.now(place), set(table))
            table.update(dict.fromkeys(sorted(others)))

    def _groups(self) -> set[str]:
        folders = [self._places.now(place) for place in self._plan.complete]
        return {group for folder in folders for group in plan.entry_point_groups(folder)}

    def _table(self, place: Place) -> file.Table:
        return self._tables.setdefault(place, {})


def put_together(head: bytes, tables: bytes, code: bytes) -> bytes:
    index = head + tables
    numbers = (file.HEADER_SIZE + len(index) + len(code), len(index), len(head))
    sizes = b"".join(number.to_bytes(8, "little") for number in numbers)
    return file.MAGIC + sizes + file.keyed_hash(sizes + index) + index + code


def write(path: str, data: bytes) -> None:
    """In one step: whoever opens it sees the old one or the new one."""
    draft = f"{path}.{os.getpid()}"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with open(fd, "wb") as out:
        out.write(data)
    os.chmod(draft, 0o644)
    os.replace(draft, path)
