"""From a function's name and arguments to its result."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import importlib
import inspect
import os
from collections.abc import Mapping
from concurrent.futures import Executor
from types import ModuleType
from typing import Any

from .describe import describe
from .errors import EmptyResponse, InvalidArgument
from .functions import FUNCTIONS, Function
from .snippet import run_python
from .warm import warmer

SET_ENV = "bridge.set_env"
DESCRIBE = "bridge.describe"
RUN_PYTHON = "bridge.run_python"
BRIDGE_FUNCTIONS = (SET_ENV, DESCRIBE, RUN_PYTHON, warmer.NAME)


class Dispatcher:
    """Calls what the table allows. executor: for functions that may block; owned by the caller."""

    def __init__(
        self, litellm: ModuleType, executor: Executor, warm: warmer.Warmer | None = None
    ) -> None:
        self.litellm = litellm
        self._executor = executor
        self._warmer = warm

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The result, as LiteLLM gives it. InvalidArgument before anything is started."""
        if name in BRIDGE_FUNCTIONS:
            return await self._call_bridge(name, arguments)
        function = find(name)
        target = self._target(function)
        check(function, self._plain(function), arguments)
        if not function.is_async:
            return await self._run_in_thread(target, arguments)
        result = await target(**arguments)
        if result is None:
            raise EmptyResponse(name)
        return result

    async def _call_bridge(self, name: str, arguments: dict[str, Any]) -> Any:
        if name == DESCRIBE:
            return await self._run_in_thread(describe, {"litellm": self.litellm})
        if name == RUN_PYTHON:
            return await run_python(arguments)
        if name == warmer.NAME and self._warmer is not None:
            return await self._warmer.run(warmer.named(arguments), self)
        return set_env(arguments)

    def _plain(self, function: Function) -> Any:
        """The sync variant: its signature says more than the async one's."""
        return _public(self.litellm, function.name)

    def _target(self, function: Function) -> Any:
        name = f"a{function.name}" if function.is_async else function.name
        return _public(self.litellm, name)

    async def _run_in_thread(self, target: Any, arguments: dict[str, Any]) -> Any:
        context = contextvars.copy_context()  # prints and logs name their call
        work = functools.partial(context.run, target, **arguments)
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _public(litellm: ModuleType, name: str) -> Any:
    """Some functions are public in litellm.utils alone."""
    target = getattr(litellm, name, None) or getattr(
        importlib.import_module("litellm.utils"), name, None
    )
    if target is None:
        raise InvalidArgument(f"this version of LiteLLM has no function {name}")
    return target


def find(name: str) -> Function:
    function = FUNCTIONS.get(name)
    if function is not None:
        return function
    import difflib  # milliseconds, for a mistake only

    near = difflib.get_close_matches(name, [*FUNCTIONS, *BRIDGE_FUNCTIONS], n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise InvalidArgument(f"there is no function {name!r}{hint}")


def check(function: Function, plain: Any, arguments: Mapping[str, Any]) -> None:
    """InvalidArgument, naming it, when the arguments do not fit the signature."""
    for name in function.required:
        if arguments.get(name) is None:
            raise InvalidArgument(f"{function.name}: the argument {name!r} is missing")
    signature, needed, known = _parameters(plain)
    names = arguments.keys()
    if needed <= names and (known is None or names <= known):
        return  # `bind` comes to the same, in 30 us
    try:
        signature.bind(**arguments)
    except TypeError as exc:
        raise InvalidArgument(f"{function.name}: {exc}") from None


@functools.lru_cache(maxsize=256)
def _parameters(
    plain: Any,
) -> tuple[inspect.Signature, frozenset[str], frozenset[str] | None]:
    """Its signature, the names that it can't do without, and those that it takes. None: any."""
    signature = inspect.signature(plain)
    parameters = signature.parameters.values()
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [one for one in parameters if one.kind not in variable]
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    needed = frozenset(one.name for one in named if one.default is inspect.Parameter.empty)
    by_name = [one.name for one in named if one.kind is not inspect.Parameter.POSITIONAL_ONLY]
    if len(by_name) < len(named):  # nobody can pass those by name: `bind` says what is wrong
        return signature, needed, frozenset()
    return signature, needed, None if takes_any else frozenset(by_name)


def set_env(arguments: Mapping[str, Any]) -> None:
    """Merges into os.environ, all or nothing. Values are never named in errors."""
    for name, value in arguments.items():
        if not name or "=" in name or "\0" in name:
            raise InvalidArgument(f"{SET_ENV}: {name!r} is no name of a variable")
        if not isinstance(value, str) or "\0" in value:
            raise InvalidArgument(f"{SET_ENV}: the value of {name} is not a string")
    os.environ.update(arguments)
