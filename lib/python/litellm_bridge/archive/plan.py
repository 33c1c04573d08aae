"""What goes into an archive: which modules, from which folders, and what must stay as it is."""

from __future__ import annotations

import importlib.machinery
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from .file import names_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file import Stamp

Place = tuple[str, str]  # a root's name, and the folder below it
Named = tuple[Place, str]  # a folder, and a module's name in it

OURS = "litellm_bridge"
EXTENSIONS = tuple(importlib.machinery.EXTENSION_SUFFIXES)
IMPORTABLE = (*EXTENSIONS, ".py", ".pyc")
# A file of a tree that is for this version of Python, but maybe for another machine: the name of
# its module, and a group for each suffix, in the order in which Python looks for them.
_MODULE = re.compile(
    rf"([\w-]+)(?:(\.{sys.implementation.cache_tag}[\w-]*\.so)|(\.abi3\.so)|(\.so)|(\.py)|(\.pyc))"
)


class Trace(TypedDict):
    """What trace.py prints."""

    files: list[str]  # of the modules that a start imports
    path: list[str]  # sys.path then
    later: dict[str, list[str]]  # for some providers: modules that a first request imports
    later_files: list[str]


class Order(TypedDict):
    """Names of modules, in the order in which they are imported: layer/start.json."""

    start: list[str]
    later: dict[str, list[str]]  # as of Trace


@dataclass(frozen=True, slots=True)
class Source:
    path: str  # where it is now
    at: str  # where it will be when it runs
    package: bool


class Roots:
    """The folders that paths in the archive start from: where they are, and where they will be."""

    def __init__(self, now: dict[str, str], later: dict[str, str]) -> None:
        """By name, as file.roots has them; later: those that will be elsewhere."""
        self._now = now
        self._later = now | later

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
    plain: int = 0  # so many are not compressed, if others are
    complete: list[Place] = field(default_factory=list)  # folders of which every name is known
    stamps: list[Stamp] = field(default_factory=list)
    later: dict[str, list[str]] = field(default_factory=dict)  # modules, for each provider
    portable: bool = False  # made elsewhere: for any interpreter that takes the same .pyc files

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

    def seal(self, folders: Iterable[str], places: Roots) -> None:
        """Folders of which no name is to be looked up in the file system.

        Where nobody keeps the dates the names tell what others put there.
        """
        for folder in folders:
            place = places.place(folder)
            if place is None or place in self.complete or not os.path.isdir(folder):
                continue
            self.complete.append(place)
            seen = sorted(names_in(folder)) if self.portable else os.stat(folder).st_mtime_ns
            self.stamps.append((*place, seen))


def environment_plan(traced: Trace, places: Roots) -> Plan:
    """What a start and the first requests import."""
    plan = Plan(later=traced["later"])
    plan.add(traced["files"], places)
    plan.started = len(plan.sources)
    plan.add(traced["later_files"], places)
    worker = places.now(("worker", ""))
    plan.seal((folder for folder in traced["path"] if folder != worker), places)
    return plan


def layer_plan(
    tree: str, path: Sequence[str], order: Order, leave: Callable[[str], bool], places: Roots
) -> Plan:
    """Every module of a tree; first those that a start and the first requests import, in order.

    path: sys.path there. leave: names that stay files. Nothing is sealed yet.
    """
    plan = Plan(portable=True)
    plan.add(_modules(tree), places)
    named = {dotted(source.path, path): key for key, source in plan.sources.items()}
    named = {name: key for name, key in named.items() if not leave(name)}
    first = [named[name] for name in order["start"] if name in named]
    later = [name for names in order["later"].values() for name in names]
    front = dict.fromkeys([*first, *(named[name] for name in later if name in named)])
    plan.started, plan.plain = len(first), len(front)
    rest = dict.fromkeys(named.values())
    plan.sources = {key: plan.sources[key] for key in front | rest}
    plan.later = {
        provider: [name for name in names if name in named]
        for provider, names in order["later"].items()
    }
    return plan


def package_plan(worker: str, places: Roots) -> Plan:
    """The modules of this package."""
    plan = Plan(portable=True)
    plan.add(_modules(os.path.join(worker, OURS)), places)
    plan.started = len(plan.sources)
    return plan


def dotted(file: str, path: Iterable[str]) -> str:
    """The name of the module in a file below a folder of `path`, the innermost one."""
    folder = max((folder for folder in path if file.startswith(folder + os.sep)), key=len)
    *parents, last = file[len(folder) + 1 :].split(os.sep)
    name = last.partition(".")[0]
    return ".".join(parents if name == "__init__" else [*parents, name])


def order_of(traced: Trace) -> Order:
    """Of what was traced, the worker's own modules left out."""
    files = [file for file in traced["files"] if file.endswith(".py")]
    names = dict.fromkeys(dotted(file, traced["path"]) for file in files)
    return {
        "start": [name for name in names if name.partition(".")[0] != OURS],
        "later": {
            provider: [name for name in names if name.partition(".")[0] != OURS]
            for provider, names in traced["later"].items()
        },
    }


def _modules(folder: str) -> Iterator[str]:
    """The modules below a folder: files, and folders without any __init__ that have some.

    Of the files of one name the one that Python would take. What neither is .py nor native code
    (a .pyc alone, a name with a dot) is left out: Python finds it as ever.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        inits = {
            name: _init_of(os.path.join(parent, name)) for name in folders if name.isidentifier()
        }
        taken = _files_by_name(names) | {name: None for name, init in inits.items() if init}
        files = [file for name, file in sorted(taken.items()) if file and name != "__init__"]
        yield from (os.path.join(parent, file) for file in files if not file.endswith(".pyc"))
        for name, init in inits.items():
            if init == "__init__.py":
                yield os.path.join(parent, name, init)
            elif init is None and name not in taken:
                yield os.path.join(parent, name)


def _init_of(folder: str) -> str | None:
    """The file that makes it a package."""
    return _files_by_name(os.listdir(folder)).get("__init__")


def _files_by_name(names: Iterable[str]) -> dict[str, str | None]:
    """For each module the file that Python would take."""
    found: dict[str, tuple[int, str]] = {}
    for file in names:
        if match := _MODULE.fullmatch(file):
            found[match[1]] = min(found.get(match[1], (99, "")), (match.lastindex or 0, file))
    return {name: file for name, (_, file) in found.items()}


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
