"""Prints, as JSON, the files of all modules that a start imports, in their order, and sys.path.
And, for some providers, which modules the first request imports (plan.Trace).

A program of its own, run by the interpreter that the archive is for, as the worker is run:
python3 -I -S -X utf8 trace.py
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

PROVIDERS = ("openai", "azure", "anthropic", "gemini", "bedrock")  # whose first request is traced


class Recorder:
    """A finder that finds nothing, and remembers what Python's own would find.

    What a start tries to import, and fails to, is read at every start, too.
    """

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.later: dict[str, None] = {}

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


def start() -> ModuleType:
    """Imports what the worker imports until it is ready. Returns litellm."""
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
    from litellm_bridge import engine, loops, sites, worker  # noqa: F401 (with all that it imports)

    engine.prepare_environment(os.environ)
    sites.extend(sys.path, {}, sys.executable)
    loops.new_loop()
    return engine.load()[0]


def first_request(litellm: ModuleType, provider: str) -> list[str]:
    """The modules that it imports, what others need before those others."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from litellm_bridge.dispatch import Dispatcher
    from litellm_bridge.warm.rehearsal import rehearse

    async def run() -> None:
        dispatcher = Dispatcher(litellm, ThreadPoolExecutor(1))
        for stream in (True, False):
            await rehearse(provider, dispatcher, stream=stream)

    before = set(sys.modules)
    loop = asyncio.new_event_loop()  # LiteLLM's tasks never end, so neither is it closed
    asyncio.set_event_loop(loop)
    loop.run_until_complete(run())
    return [name for name in reversed(sys.modules) if name not in before]


def apart(work: Callable[[], object]) -> Any:
    """What work returns (JSON), run in a copy of this process: it imports nothing for the next."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            with open(writer, "w") as out:
                json.dump(work(), out)
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as told:
        text = told.read()
    os.wait()
    return json.loads(text) if text else None


def main() -> None:
    recorder = Recorder()
    for module in list(sys.modules.values()):  # before us
        recorder.add(getattr(module, "__spec__", None))
    sys.meta_path.insert(0, recorder)
    litellm = start()
    files = list(recorder.files)
    later: dict[str, list[str]] = {}
    for provider in PROVIDERS:

        def work(provider: str = provider) -> tuple[list[str], list[str]]:
            return first_request(litellm, provider), list(recorder.files)[len(files) :]

        later[provider], more = apart(work) or ([], [])
        recorder.later.update(dict.fromkeys(more))
    told = {"files": files, "path": sys.path}
    print(json.dumps({**told, "later": later, "later_files": list(recorder.later)}))


if __name__ == "__main__":
    main()
