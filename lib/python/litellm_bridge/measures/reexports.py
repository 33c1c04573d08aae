"""Packages of openai's that only pass names on do so when a name is asked for.

`openai.types` names some 700 classes, of which LiteLLM uses a fifth; each is a module to load and
a model to define. `openai.resources` names all that a client can be asked for, and the first chat
would load them all; it is imported then, so it is waited for after the block, too.

Safe: the bytecode of the package proves that it does nothing but `from .x import y`; a name comes
from there. Whoever looks at the package as a whole has it executed as it is.
Gains a tenth of the time of `import litellm` and 207 modules, and two thirds of what the first
chat costs (340 ms of CPU before, 110 since, on a busy machine) with 330 modules
[measured, LiteLLM 1.78.7].
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, ModuleType
from typing import Any

from . import imports, pending
from .bytecode import listed, only_imports

ROOT = "openai.types"
RESOURCES = "openai.resources"


@contextmanager
def deferred() -> Iterator[None]:
    """During the block, the packages that are imported pass their names on later."""
    with imports.executed_by(_wanted, _execute):
        yield
    imports.once_executed_by(RESOURCES, _execute)


def _wanted(name: str) -> bool:
    return name in (ROOT, RESOURCES) or name.startswith(ROOT + ".")


def _execute(module: ModuleType, loader: Any) -> None:
    code = loader.get_code(module.__name__) if hasattr(module, "__path__") else None
    sources = only_imports(code) if code is not None else None
    if code is None or sources is None or type(module) is not ModuleType:
        loader.exec_module(module)
    else:
        if (public := listed(code)) is not None:
            pending.namespace(module)["__all__"] = public
        pending.postpone(module, _Names(code, sources))


class _Names:
    """The names of a package: {name here: (module, name there)}, relative to the package."""

    def __init__(self, code: CodeType, sources: dict[str, tuple[str, str]]) -> None:
        self._code = code
        self._sources = sources

    def find(self, module: ModuleType, name: str) -> Any:
        if name in self._sources:
            source, there = self._sources[name]
            value = getattr(importlib.import_module(source, module.__name__), there)
            setattr(module, name, value)
            return value
        if _is_submodule(module, name):
            return importlib.import_module(f"{module.__name__}.{name}")
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    def complete(self, module: ModuleType) -> None:
        exec(self._code, pending.namespace(module))


def _is_submodule(module: ModuleType, name: str) -> bool:
    return importlib.util.find_spec(f"{module.__name__}.{name}") is not None
