"""What an application sees of the modules: names, kinds, signatures, star imports."""

from __future__ import annotations

import importlib
import pkgutil
import types
from collections.abc import Iterator

from describe import signature, value

MODULES = (
    "litellm",
    "litellm.exceptions",
    "litellm.main",
    "litellm.router",
    "litellm.utils",
    "litellm.types.router",
    "litellm.types.utils",
    "openai",
    "openai.resources",
    "openai.types",
)
STARS = ("litellm", "litellm.utils", "openai", "openai.types", "openai.types.chat")


def packages(root: str) -> Iterator[str]:
    """The package and those below it."""
    yield root
    path = importlib.import_module(root).__path__
    for found in pkgutil.walk_packages(path, root + "."):
        if found.ispkg:
            yield found.name


def survey() -> Iterator[tuple[str, str]]:
    for name in (*MODULES, *packages("openai.types")):
        module = importlib.import_module(name)
        yield f"dir {name}", repr(dir(module))
        for attribute in sorted(vars(module)):
            if not attribute.startswith("__"):
                yield f"{name}.{attribute}", kind(getattr(module, attribute))
    for name in STARS:
        found: dict[str, object] = {}
        exec(f"from {name} import *", found)
        yield f"from {name} import *", repr(sorted(found.keys() - {"__builtins__"}))


def kind(found: object) -> str:
    try:
        return _kind(found)
    except Exception as exc:  # openai's module clients want a key
        return f"raised {value(exc)}"


def _kind(found: object) -> str:
    if isinstance(found, types.ModuleType):
        return f"module {found.__name__}"
    if isinstance(found, type) or callable(found):
        return f"{type(found)} {value(found)[:400]} {signature(found)}"
    text = value(found)
    return text if len(text) < 2000 else f"{len(text)} characters: {hash_of(text)}"


def hash_of(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
