"""The tokenizer of Claude 2 is read when somebody counts its tokens, and not at the import.

litellm.utils parses a JSON file of 1.7 MB and makes a text of it again, for one function.

Safe: the bytecode proves that the module uses neither name but there, and that the function only
looks things up; should it want the text, it is called again when that is there. Whoever asks the
module for the names gets what it would have made.
Gains 52 ms of 1,270 ms, and 15 MB [measured, LiteLLM 1.78.7].
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import CodeType, FunctionType, ModuleType
from typing import Any

from . import imports, pending
from .bytecode import changes_nothing

MODULE = "litellm.utils"
FILE = "anthropic_tokenizer.json"
DATA, TEXT = "json_data", "claude_json_str"  # the names in the module

_lock = threading.Lock()


class _Data(dict[str, Any]):
    """Stands for the parsed file, during the module's execution."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self.file = file


class _Text(str):
    """Stands for the text that is made of it."""


@contextmanager
def deferred() -> Iterator[None]:
    """During the block, litellm.utils is given stand-ins, and the names when it needs them."""
    with imports.executed_by(MODULE.__eq__, _execute):
        yield


def _execute(module: ModuleType, loader: Any) -> None:
    with _stand_ins():
        loader.exec_module(module)
    names = pending.namespace(module)
    data = names.get(DATA)
    if not isinstance(data, _Data):
        return
    rest = _Names(data.file)
    user = _only_user(loader.get_code(MODULE), names)
    if user is None or type(module) is not ModuleType or type(names.get(TEXT)) is not _Text:
        names.update(rest.values())
        return
    del names[DATA], names[TEXT]
    names[user.__name__] = _with_names(user, rest, module)
    pending.postpone(module, rest)


@contextmanager
def _stand_ins() -> Iterator[None]:
    load, dumps = json.load, json.dumps

    @wraps(load)
    def load_later(fp: Any, *args: Any, **kwargs: Any) -> Any:
        file = getattr(fp, "name", None)
        if isinstance(file, str) and os.path.basename(file) == FILE and not args and not kwargs:
            return _Data(file)
        return load(fp, *args, **kwargs)

    @wraps(dumps)
    def dumps_later(obj: Any, *args: Any, **kwargs: Any) -> str:
        return _Text() if type(obj) is _Data else dumps(obj, *args, **kwargs)

    json.load, json.dumps = load_later, dumps_later
    try:
        yield
    finally:
        json.load, json.dumps = load, dumps


def _only_user(code: CodeType, names: dict[str, Any]) -> FunctionType | None:
    """The one function of the module that uses the text, if none uses anything else of it."""
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    users = [part.co_name for part in inner if _uses(part, TEXT)]
    if len(users) != 1 or any(_uses(part, DATA) for part in inner):
        return None
    user = names.get(users[0])
    if type(user) is not FunctionType or user.__code__.co_name != users[0]:
        return None
    return user if changes_nothing(user.__code__) else None


def _uses(code: CodeType, name: str) -> bool:
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return name in code.co_names or any(_uses(part, name) for part in inner)


def _with_names(user: FunctionType, rest: _Names, module: ModuleType) -> Callable[..., Any]:
    """user, called again with the text in place when that is what it lacks."""

    @wraps(user)
    def retried(*args: Any, **kwargs: Any) -> Any:
        try:
            return user(*args, **kwargs)
        except NameError as exc:
            if exc.name != TEXT or TEXT in pending.namespace(module):
                raise
        rest.find(module, TEXT)
        return user(*args, **kwargs)

    return retried


class _Names:
    def __init__(self, file: str) -> None:
        self._file = file

    def values(self) -> dict[str, Any]:
        with open(self._file, encoding="utf-8") as file:
            data = json.load(file)
        return {DATA: data, TEXT: json.dumps(data)}

    def find(self, module: ModuleType, name: str) -> Any:
        """Puts only that name in place: the parsed file takes five times the text's memory."""
        if name not in (DATA, TEXT):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        self._put(module, (name,))
        return pending.namespace(module)[name]

    def complete(self, module: ModuleType) -> None:
        self._put(module, (DATA, TEXT))

    def _put(self, module: ModuleType, wanted: tuple[str, ...]) -> None:
        """What somebody has set in the meantime stays."""
        names = pending.namespace(module)
        with _lock:
            if all(name in names for name in wanted):
                return
            values = self.values()
            for name in wanted:
                names.setdefault(name, values[name])
