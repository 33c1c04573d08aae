"""What goes into an archive: which modules, from which folders, and what must stay as it is."""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypedDict

from .file import names_stamp, roots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file import Stamp

Place = tuple[str, str]  # a root's name, and the folder below it
Named = tuple[Place, str]  # a folder, and a module's name in it

EXTENSIONS = tuple(importlib.machinery.EXTENSION_SUFFIXES)
IMPORTABLE = (*EXTENSIONS, ".py", ".pyc")


class Trace(TypedDict):
    """What trace.py prints."""

    files: list[str]  # of the modules that a start imports
    path: list[str]  # sys.path then
    later: dict[str, list[str]]  # for some providers: modules that a first request imports
    later_files: list[str]


NO_TRACE: Trace = {"files": [], "path": [], "later": {}, "later_files": []}


@dataclass(frozen=True, slots=True)
class Source:
    path: str  # where it is now
    at: str  # where it will be when it runs
    package: bool


class Roots:
    """The folders that paths in the archive start from: where they are, and where they will be."""

    def __init__(self, home: str, at: str, worker: str, *, tree: bool) -> None:
        self._now = roots(home, worker)
        if tree:
            del self._now["stdlib"]  # a tree has its own
        self._later = {**self._now, "home": at}

    def place(self, folder: str) -> Place | None:
        """None: it is in none of them."""
        for name, root in self._now.items():
            if folder == root:
                return name, ""
            if folder.startswith(root + os.sep):
                return name, folder[len(root) + 1 :]
        return None

    def now(self, place: Place) -> str:
        return os.path.join(self._now[place[0]], place[1]).rstrip(os.sep)

    def later(self, place: Place) -> str:
        return os.path.join(self._later[place[0]], place[1]).rstrip(os.sep)


@dataclass(slots=True)
class Plan:
    """In the order in which the archive has them."""

    sources: dict[Named, Source] = field(default_factory=dict)
    extensions: dict[Named, str] = field(default_factory=dict)  # file names
    namespaces: set[Named] = field(default_factory=set)  # folders of modules, without __init__
    started: int = 0  # so many of the sources are what a start imports
    complete: list[Place] = field(default_factory=list)  # folders of which every name is known
    stamps: list[Stamp] = field(default_factory=list)
    later: dict[str, list[str]] = field(default_factory=dict)  # modules, for each provider
    portable: bool = False  # for every build of the same Python version

    def add(self, files: Iterable[str], places: Roots) -> None:
        for file in files:
            self._add(file, places)

    def _add(self, file: str, places: Roots) -> None:
        folder, name = os.path.split(file)
        package = name == "__init__.py"
        if package:
            folder, name = os.path.split(folder)
        place = places.place(folder)
        if place is None:
            return
        tail = name.partition(".")[0]
        key = place, tail
        if name == tail and not package:
            self.namespaces.add(key)
        elif name.endswith(EXTENSIONS):
            self.extensions.setdefault(key, name)
        elif package or name.endswith(".py"):
            at = os.path.join(places.later(place), name, *["__init__.py"] * package)
            self.sources.setdefault(key, Source(file, at, package))

    def seal(self, folders: Iterable[str], places: Roots, kind: str) -> None:
        """Folders of which no name is to be looked up in the file system."""
        for folder in folders:
            place = places.place(folder)
            if place is not None and place not in self.complete and os.path.isdir(folder):
                self.complete.append(place)
                self.stamps.append((*place, kind, _stamp(folder, kind)))


def _stamp(folder: str, kind: str) -> int | bytes:
    return names_stamp(folder) if kind == "names" else os.stat(folder).st_mtime_ns


def _planned(traced: Trace, places: Roots, *, portable: bool) -> Plan:
    """What the trace has: a start's modules, then those of the first requests."""
    plan = Plan(portable=portable, later=traced["later"])
    plan.add(traced["files"], places)
    plan.started = len(plan.sources)
    plan.add(traced["later_files"], places)
    return plan


def environment_plan(traced: Trace, places: Roots) -> Plan:
    """What a start and the first requests import."""
    plan = _planned(traced, places, portable=False)
    worker = places.now(("worker", ""))
    plan.seal((folder for folder in traced["path"] if folder != worker), places, "mtime")
    return plan


def tree_plan(traced: Trace, tree: str, version: str, places: Roots) -> Plan:
    """Every module of a tree, and of the worker. What was traced comes first."""
    plan = _planned(traced, places, portable=True)
    for folder in (tree, os.path.join(places.now(("worker", "")), "litellm_bridge")):
        plan.add(_modules(folder), places)
    minor = "python" + ".".join(version.split(".")[:2])
    library = os.path.join(tree, "lib", minor)
    parts = ("", "lib-dynload", "site-packages")
    plan.seal(
        [tree, *(os.path.join(library, part).rstrip(os.sep) for part in parts)], places, "names"
    )
    return plan


def _modules(folder: str) -> Iterator[str]:
    """The modules below a folder: files, and folders without __init__.py that have some.

    Of the files of one name the one that Python would take.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        importable = [name for name in folders if name.isidentifier()]
        packages = [name for name in importable if _is_package(os.path.join(parent, name))]
        taken = set(packages)
        for name in sorted(names, key=lambda name: (not name.endswith(EXTENSIONS), name)):
            tail = name.partition(".")[0]
            if tail != "__init__" and name.endswith((*EXTENSIONS, ".py")) and tail not in taken:
                taken.add(tail)
                yield os.path.join(parent, name)
        yield from (os.path.join(parent, name, "__init__.py") for name in packages)
        yield from (os.path.join(parent, name) for name in importable if name not in taken)


def _is_package(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "__init__.py"))


def other_names(folder: str, known: set[str]) -> set[str]:
    """Names in a folder that may be imported from there, besides the known ones."""
    names: set[str] = set()
    for entry in os.scandir(folder):
        if entry.name.endswith(IMPORTABLE) or entry.is_dir():
            names.add(entry.name.partition(".")[0])
    return names - known - {"__pycache__"}  # also what is no identifier: _sysconfigdata_…-linux-gnu


def entry_point_groups(folder: str) -> set[str]:
    """What the packages that are installed in a folder offer, by the names of the groups."""
    groups: set[str] = set()
    for entry in os.scandir(folder):
        file = os.path.join(entry.path, "entry_points.txt")
        if entry.name.endswith((".dist-info", ".egg-info")) and os.path.exists(file):
            with open(file, encoding="utf-8") as text:
                groups.update(line.strip()[1:-1] for line in text if line.lstrip().startswith("["))
    return groups


def check_version(version: str) -> None:
    """ValueError: this Python's code objects are not those of `version`."""
    mine = ".".join(map(str, sys.version_info[:2]))
    if version.split(".")[:2] != mine.split("."):
        raise ValueError(f"Python {mine} can't build an archive for Python {version}")
