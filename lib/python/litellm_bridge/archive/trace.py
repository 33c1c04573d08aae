"""Prints, as JSON, the files of all modules that a start imports, in their order, and sys.path.

A program of its own, run by the interpreter that the archive is for, as the worker is run:
python3 -I -S -X utf8 trace.py
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class Recorder:
    """A finder that finds nothing, and remembers what Python's own would find.

    What a start tries to import, and fails to, is read at every start, too.
    """

    def __init__(self) -> None:
        self.files: dict[str, None] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        self.add(PathFinder.find_spec(name, path, target))
        return None

    def add(self, spec: ModuleSpec | None) -> None:
        """The file of a module, or the folders of a namespace package."""
        if spec is None:
            return
        folders = spec.submodule_search_locations or ()
        found = [spec.origin] if spec.has_location and spec.origin else folders
        self.files.update(dict.fromkeys(found))


def start() -> None:
    """Imports what the worker imports until it is ready."""
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
    from litellm_bridge import engine, sites, worker

    engine.prepare_environment(os.environ)
    sites.extend(sys.path, {}, sys.executable)
    worker.new_loop()
    engine.load()


def main() -> None:
    recorder = Recorder()
    for module in list(sys.modules.values()):  # before us
        recorder.add(getattr(module, "__spec__", None))
    sys.meta_path.insert(0, recorder)
    start()
    print(json.dumps({"files": list(recorder.files), "path": sys.path}))


if __name__ == "__main__":
    main()
