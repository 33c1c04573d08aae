"""Makes the start archive of an environment, or of a tree that will be a Lambda layer.

    python3 -I -S -X utf8 build.py --home ENVIRONMENT [--at FOLDER]
        what a start imports; run by the environment's own interpreter. --at: where the
        environment will be moved

    python3 -I -S -X utf8 build.py --tree --home TREE --at /opt/python --version 3.11.2
        every module of the tree (its standard library and packages) and of this worker. Nothing
        of the tree is run, so any Python of the same minor version does. --start FILE: what
        trace.py printed for such a tree; those modules are put in front

Prints the archive's path and size (bytes) as JSON, if one was made. The same files give the
same bytes.
"""

from __future__ import annotations

import _imp
import argparse
import json
import marshal
import os
import subprocess
import sys
import zlib
from importlib.machinery import SourceFileLoader
from types import CodeType

HERE = os.path.dirname(os.path.abspath(__file__))
WORKER = os.path.dirname(os.path.dirname(HERE))
TRACE_S = 300.0  # for a machine that is very slow; it takes a few seconds

if __name__ == "__main__":
    sys.path.insert(0, WORKER)

from litellm_bridge.archive import file, plan  # noqa: E402
from litellm_bridge.archive.plan import Place, Plan, Roots, Source  # noqa: E402


def code_of(source: Source, *, fresh: bool) -> bytes | None:
    """Marshalled. fresh: compiled now, whatever .pyc there is. None: the file is no Python."""
    loader = SourceFileLoader(os.path.basename(source.path), source.path)
    try:
        if fresh:
            code: CodeType | None = loader.source_to_code(loader.get_data(source.path), source.at)
        else:
            code = loader.get_code(loader.name)
    except (SyntaxError, ValueError, RecursionError):
        return None  # some packages ship templates
    _imp._fix_co_filename(code, source.at)  # type: ignore[attr-defined]
    return marshal.dumps(code)


class Writer:
    """Puts an archive together."""

    def __init__(self, what: Plan, places: Roots, *, fresh: bool) -> None:
        self._plan = what
        self._places = places
        self._fresh = fresh
        self._code = bytearray()
        self._started = 0  # bytes of the code that a start needs
        self._tables: dict[Place, file.Table] = {}

    def assemble(self, interpreter: str) -> bytes:
        """interpreter: as `file.interpreter` names it."""
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
        return _put_together(marshal.dumps(head), tables, bytes(self._code))

    def _add_modules(self) -> None:
        for count, (named, source) in enumerate(self._plan.sources.items(), 1):
            if (code := code_of(source, fresh=self._fresh)) is not None:
                self._add(named, source, code)
            if count == self._plan.started:
                self._started = len(self._code)
        for (place, name), file_name in self._plan.extensions.items():
            self._table(place)[name] = file_name
        for place, name in sorted(self._plan.namespaces):
            self._table(place).setdefault(name, True)

    def _add(self, named: plan.Named, source: Source, code: bytes) -> None:
        place, name = named
        mine = place[0] == "worker"  # may be another's of the same environment
        seen = file.look_at(source.path) if mine else None
        where = len(self._code), len(code), zlib.crc32(code)
        self._table(place)[name] = (source.package, *where, seen)
        self._code += code

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


def _put_together(head: bytes, tables: bytes, code: bytes) -> bytes:
    index = head + tables
    numbers = (file.HEADER_SIZE + len(index) + len(code), len(index), len(head))
    sizes = b"".join(number.to_bytes(8, "little") for number in numbers)
    return file.MAGIC + sizes + file.keyed_hash(sizes + index) + index + code


def trace() -> plan.Trace:
    """What a start with this interpreter imports, seen in a process of its own."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", os.path.join(HERE, "trace.py")]
    run = subprocess.run(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True, timeout=TRACE_S
    )
    told: plan.Trace = json.loads(run.stdout)
    return told


def write(path: str, data: bytes) -> None:
    """In one step: whoever opens it sees the old one or the new one."""
    draft = f"{path}.{os.getpid()}"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    with open(fd, "wb") as out:
        out.write(data)
    os.chmod(draft, 0o644)
    os.replace(draft, path)


def fits(path: str) -> bool:
    """Whether the archive of this interpreter would be used, its worker's modules included."""
    try:
        archive = file.open_archive(path, WORKER)
    except file.Unusable:
        return False
    if archive is None:
        return False
    worker = os.path.join(WORKER, "litellm_bridge")
    return all(
        file.is_unchanged(os.path.join(folder, name + ".py"), entry[4])
        for folder in archive.folders
        if folder.startswith(worker)
        for name, entry in archive.table(folder).items()
        if isinstance(entry, tuple) and not entry[0]
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Makes the start archive of litellm-bridge.")
    parser.add_argument("--home", required=True, help="the environment, or the tree")
    parser.add_argument("--at", help="where that will be; else where it is")
    parser.add_argument("--tree", action="store_true", help="every module; run nothing of it")
    parser.add_argument("--version", help="of the tree's Python, as 3.11.2")
    parser.add_argument("--start", help="what trace.py printed for such a tree")
    parser.add_argument("--out", help=f"else HOME/{file.NAME}")
    parser.add_argument("--if-needed", action="store_true", help="unless there is one that fits")
    return parser.parse_args()


def _environment(home: str, at: str) -> bytes:
    told = trace()
    places = Roots(home, at, WORKER, tree=False)
    what = plan.environment_plan(told, places)
    return Writer(what, places, fresh=False).assemble(file.interpreter())


def _tree(home: str, at: str, version: str, start: str | None) -> bytes:
    plan.check_version(version)
    places = Roots(home, at, WORKER, tree=True)
    traced = plan.NO_TRACE
    if start:
        with open(start, encoding="utf-8") as told:
            traced = json.load(told)
    what = plan.tree_plan(traced, home, version, places)
    return Writer(what, places, fresh=True).assemble(file.interpreter(version))


def main() -> None:
    given = _arguments()
    sys.dont_write_bytecode = True
    home = os.path.abspath(given.home)
    at = os.path.abspath(given.at) if given.at else home
    path = given.out or os.path.join(home, file.NAME)
    if given.if_needed and fits(path):
        return
    if given.tree:
        data = _tree(home, at, given.version or file.short_version(), given.start)
    else:
        data = _environment(home, at)
    write(path, data)
    print(json.dumps({"path": path, "bytes": len(data)}))


if __name__ == "__main__":
    main()
