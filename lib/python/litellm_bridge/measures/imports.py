"""Something of ours at the moment when a module is executed.

A finder in front of the others, which finds nothing by itself: it asks them, and puts a loader
around theirs. Once the module is there, its spec and its __loader__ are as without us.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

Execute = Callable[[ModuleType, Any], None]
"""Executes a module, given its own loader."""


@contextmanager
def executed_by(wanted: Callable[[str], bool], execute: Execute) -> Iterator[None]:
    """During the block, modules whose name is wanted are executed by execute."""
    finder = _Finder(wanted, execute)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def after(name: str, change: Callable[[ModuleType], None]) -> Iterator[None]:
    """During the block, change is called with the module as soon as it was executed."""

    def execute(module: ModuleType, loader: Any) -> None:
        loader.exec_module(module)
        change(module)

    if (module := sys.modules.get(name)) is not None:
        change(module)
    with executed_by(name.__eq__, execute):
        yield


def once_there(name: str, change: Callable[[ModuleType], None]) -> None:
    """Calls change with the module: now, or when somebody imports it, and no sooner."""
    if (module := sys.modules.get(name)) is not None:
        return change(module)

    def execute(module: ModuleType, loader: Any) -> None:
        loader.exec_module(module)
        change(module)

    once_executed_by(name, execute)


def once_executed_by(name: str, execute: Execute) -> None:
    """The module is executed by execute when somebody imports it, unless it is there already."""

    def once(module: ModuleType, loader: Any) -> None:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
        execute(module, loader)

    finder = _Finder(name.__eq__, once)
    if name not in sys.modules:
        sys.meta_path.insert(0, finder)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, wanted: Callable[[str], bool], execute: Execute) -> None:
        self._wanted = wanted
        self._execute = execute

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not self._wanted(name):
            return None
        spec = self._ask_others(name, path, target)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self._execute)
        return spec

    def _ask_others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> importlib.machinery.ModuleSpec | None:
        behind = sys.meta_path[sys.meta_path.index(self) + 1 :]
        for finder in behind:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: Any, execute: Execute) -> None:
        self._loader = loader
        self._execute = execute

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._execute(module, self._loader)
