"""Python's import system with the start archive.

The archive takes the place of the folders' listings and of the .pyc files, and of nothing else:
for each folder that it knows there is a FileFinder (a subclass of Python's own), in the place
where Python would have one. So the order of sys.path, namespace packages, resources, metadata
and whatever else looks at finders and loaders are as ever, and what the archive does not have
comes from the files.
"""

from __future__ import annotations

import _imp
import os
import sys

# importlib.machinery has these from there; the package importlib itself is not frozen.
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import (
    BYTECODE_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    PathFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)

from .beside import mixed
from .file import NAME, Archive, Unusable, open_archive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, ModuleType
    from typing import Any

    from .file import Entry, Module

LAYERS_READER = "start_archive"  # this package's copy in a layer
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h

_SUFFIXES = (
    (ExtensionFileLoader, _imp.extension_suffixes()),
    (SourceFileLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),
)


class ArchivedLoader(SourceFileLoader):
    """Has the code of the archive, and all else of the file."""

    def __init__(self, fullname: str, path: str, archive: Archive, module: Module) -> None:
        super().__init__(fullname, path)
        self._archive = archive
        self._module = module

    def get_code(self, fullname: str) -> CodeType | None:
        code = self._archive.code(self._module, self.path)
        if code is not None:
            return code
        try:
            return super().get_code(fullname)
        except FileNotFoundError:
            self._archive.damaged.remove(self.path)  # nothing was read instead
            what = f"{self.path} is damaged in the start archive, and is nowhere else"
            raise ImportError(what, name=fullname, path=self.path) from None

    def get_source(self, fullname: str) -> str | None:
        """None, as of a .pyc without its source, where there is none."""
        return super().get_source(fullname) if os.path.exists(self.path) else None


class PkgutilLoader(ArchivedLoader):
    """Of pkgutil, which would list the modules of a folder by its files alone."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _let_list(module)


def _let_list(pkgutil: Any) -> None:
    by_files = pkgutil.iter_importer_modules.dispatch(FileFinder)

    def modules(folder: ArchivedFolder, prefix: str = "") -> Iterator[tuple[str, bool]]:
        found = dict(by_files(folder, prefix))
        found.update((prefix + name, package) for name, package in folder.modules())
        yield from sorted(found.items())

    pkgutil.iter_importer_modules.register(ArchivedFolder, modules)


class ArchivedFolder(FileFinder):
    """Finds the modules of one folder."""

    def __init__(self, path: str, archive: Archive) -> None:
        super().__init__(path, *_SUFFIXES)
        self._archive = archive
        self._table = archive.table(path)
        self._complete = archive.folders[path][2]

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        tail = fullname.rpartition(".")[2]
        entry = self._table.get(tail)
        complete = self._complete and self._archive.sealed
        if entry is None and (tail in self._table or not complete):
            return super().find_spec(fullname, target)
        return self._spec(fullname, tail, entry)

    def modules(self) -> Iterator[tuple[str, bool]]:
        """The names of those that the archive has, and whether they are packages."""
        for name, entry in self._table.items():
            if isinstance(entry, tuple):
                yield name, entry[0]
            elif isinstance(entry, str):
                yield name, False

    def invalidate_caches(self) -> None:
        """Whoever calls it has added files, to some folder."""
        super().invalidate_caches()
        self._archive.sealed = False

    def _spec(self, fullname: str, tail: str, entry: Entry) -> ModuleSpec | None:
        if entry is True:
            spec = ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [f"{self.path}/{tail}"]
            return spec  # a portion of a namespace package, as FileFinder's are
        if isinstance(entry, str):
            path = f"{self.path}/{entry}"
            return _spec_of(fullname, path, ExtensionFileLoader(fullname, path))
        if not isinstance(entry, tuple):
            return None
        folder = f"{self.path}/{tail}"
        path = f"{folder}/__init__.py" if entry[0] else f"{folder}.py"
        kind = PkgutilLoader if fullname == "pkgutil" else ArchivedLoader
        spec = _spec_of(fullname, path, kind(fullname, path, self._archive, entry))
        if entry[0]:
            spec.submodule_search_locations = [folder]
        return spec


def _spec_of(fullname: str, path: str, loader: ArchivedLoader | ExtensionFileLoader) -> ModuleSpec:
    """As importlib.util.spec_from_file_location, which would look at what we know."""
    spec = ModuleSpec(fullname, loader, origin=path)
    spec.has_location = True
    return spec


_in_force: Archive | None = None


def in_force() -> Archive | None:
    """The archive that imports use."""
    return _in_force


def path_of(executable: str) -> str:
    """Of the archive that belongs to an interpreter: beside its bin folder."""
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(executable))), NAME)
    # It may be a link to a layer's interpreter.
    linked = os.path.join(sys.prefix, NAME)
    return linked if not os.path.exists(path) and os.path.exists(linked) else path


class Installed:
    """What became of the archive. path: where it is looked for."""

    def __init__(self, path: str, archive: Archive | None, reason: str) -> None:
        self.path = path
        self.archive = archive
        self.package: Archive | None = None  # of this package's modules
        self.reason = reason  # why it is passed over; empty: there is none
        self._mixed = [] if archive is None else mixed(archive)

    @property
    def lack(self) -> str:
        """Why there is no archive; empty: there is one."""
        return "" if self.archive is not None else self.reason or "it is not there"

    @property
    def later(self) -> dict[str, list[str]]:
        """For some providers the modules that their first request imports."""
        return {} if self.archive is None else self.archive.later

    def rest(self) -> None:
        """Gives its pages back to the system."""
        for archive in (self.archive, self.package):
            if archive is not None:
                archive.rest()

    def warnings(self) -> list[str]:
        """Once each: what makes a start longer than it need be, and what is there twice."""
        texts, self._mixed = self._mixed, []
        if self.reason:
            texts.append(f"{self.path} is not used: {self.reason}")
            self.reason = ""
        for archive in (self.archive, self.package):
            if archive is not None:
                damaged, archive.damaged = archive.damaged, []
                texts += [f"{archive.path} is damaged; {file} was read instead" for file in damaged]
        return texts


def begin(worker: str) -> Installed:
    """Installs this interpreter's archive, and the package's. worker: litellm_bridge's folder.

    Ends the process, with a sentence on standard error, where it can import nothing without.
    """
    installed = install(path_of(sys.executable), worker)
    if installed.archive is None and not _has_modules():
        text = f"litellm-bridge: {installed.path} can't be used: {installed.lack}."
        hint = "Python's modules are nowhere else: build and publish the layer anew"
        os.write(2, f"{text} {hint}\n".encode())
        os._exit(EXIT_CONFIG)
    if _is_read_by_layer():
        installed.reason = ""
    installed.package = _package(worker)
    return installed


def _has_modules() -> bool:
    return PathFinder.find_spec("json") is not None


def _is_read_by_layer() -> bool:
    """Whether the reader that came with a layer has put its archive in force, before us."""
    reader = sys.modules.get(f"{LAYERS_READER}.importing")
    return reader is not None and reader.in_force() is not None


def _package(worker: str) -> Archive | None:
    """Passed over in silence: then its sources are compiled, as with a Python that it is not for."""
    try:
        archive = open_archive(f"{worker}/{NAME}", worker)
        if archive is not None:
            _use(archive)
        return archive
    except Unusable:
        return None


def install(path: str, worker: str) -> Installed:
    """From now on imports use the archive, if there is one that may be used."""
    try:
        archive = open_archive(path, worker)
        if archive is not None:
            _use(archive)
            _put_in_force(archive)
        return Installed(path, archive, "")
    except Unusable as exc:
        return Installed(path, None, str(exc))


def _put_in_force(archive: Archive) -> None:
    global _in_force
    _in_force = archive


def _use(archive: Archive) -> None:
    def hook(path: str) -> ArchivedFolder:
        if path in archive.folders:
            return ArchivedFolder(path, archive)
        raise ImportError(path)  # the next hook is asked

    sys.path_hooks.insert(0, hook)
    _forget_finders(archive)
    try:
        archive.map()
    except (ImportError, OSError) as exc:
        sys.path_hooks.remove(hook)
        _forget_finders(archive)
        raise Unusable(f"it can't be mapped: {exc}") from None
    if "pkgutil" in sys.modules:
        _let_list(sys.modules["pkgutil"])


def _forget_finders(archive: Archive) -> None:
    for path in archive.folders.keys() & sys.path_importer_cache.keys():
        del sys.path_importer_cache[path]
