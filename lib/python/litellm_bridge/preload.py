"""Modules of the application that run before the first call: callbacks, custom providers."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback

from .errors import BridgeError
from .redact import redact

TRACEBACK_LINES = 12
# Files of the frames between us and the application's module.
_MACHINERY = (os.path.dirname(__file__) + os.sep, "<frozen importlib", importlib.__file__)


def load(names: tuple[str, ...]) -> None:
    """Imports each. BridgeError ERR_PRELOAD with the module's own error."""
    for name in names:
        try:
            _load(name)
        except BaseException as exc:  # also SystemExit: a module must not end us without a word
            raise _failure(name, exc) from exc


def check(names: tuple[str, ...]) -> None:
    """What is not there is known before anything is imported. BridgeError ERR_PRELOAD."""
    for name in names:
        try:
            _must_be_there(name)
        except (ImportError, OSError) as exc:
            raise _failure(name, exc) from exc


def _must_be_there(name: str) -> None:
    if is_path(name):
        os.stat(os.path.abspath(name))
        return
    top = name.partition(".")[0]
    if top not in sys.modules and importlib.util.find_spec(top) is None:
        raise ModuleNotFoundError(f"No module named {top!r}", name=top)


def is_path(name: str) -> bool:
    return name.endswith(".py") or os.sep in name


def _load(name: str) -> None:
    if is_path(name):
        _load_file(os.path.abspath(name))
    else:
        importlib.import_module(name)


def _load_file(file: str) -> None:
    """As `python file.py` does, its folder is searched for the modules that it imports."""
    folder, base = os.path.split(file)
    stem = base.removesuffix(".py")
    module_name = f"preload_{stem}" if stem in sys.modules else stem
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    if folder not in sys.path:
        sys.path.append(folder)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)


def _failure(name: str, exc: BaseException) -> BridgeError:
    lines = "".join(_trace(exc).format()).splitlines()
    return BridgeError(
        "ERR_PRELOAD",
        redact(f"preload {name!r} failed: {type(exc).__name__}: {exc}"),
        redact("\n".join(lines[-TRACEBACK_LINES:])),
    )


def _trace(exc: BaseException) -> traceback.TracebackException:
    """The frames of the application alone, of exc and of what led to it."""
    whole = traceback.TracebackException.from_exception(exc)
    link: traceback.TracebackException | None = whole
    while link is not None:
        frames = [frame for frame in link.stack if not frame.filename.startswith(_MACHINERY)]
        link.stack = traceback.StackSummary.from_list(frames)
        link = link.__cause__ or link.__context__
    return whole
