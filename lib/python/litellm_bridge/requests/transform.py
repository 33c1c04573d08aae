"""Arguments that are plain JSON are not compared with the OpenAI client's types.

The client walks through a request's arguments and, side by side, through the types of all that
they could be, to rename keys and encode files where a type says so: 0.2 ms of CPU a chat request.

Safe, because a chat request's types say so nowhere, which is looked up in the types themselves
(once; a client whose types do is left alone), and because it is done for plain JSON only: then the
walk gives the same values back, without the arguments that were not given.
"""

from __future__ import annotations

import typing
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

from ..measures import imports
from ..measures.fitness import Unfit

Transform = Callable[[Any, Any], Awaitable[Any]]

CLIENT = "openai.resources.chat.completions.completions"
_LEAVES = (str, int, float, bool, type(None))


class PlainTransform:
    """In place of the client's async_maybe_transform, where chat requests use it."""

    def __init__(self, plain: Transform, is_given: Callable[[Any], bool], told: type) -> None:
        self._plain = plain
        self._is_given = is_given
        self._told = told  # the class of what a type says about a key
        self._silent: dict[Any, bool] = {}  # by type: whether it says nothing

    async def __call__(self, data: Any, expected_type: Any) -> Any:
        if type(data) is dict and self._says_nothing(expected_type):
            given = {key: value for key, value in data.items() if self._is_given(value)}
            if is_plain(given):
                return given
        return await self._plain(data, expected_type)

    def _says_nothing(self, kind: Any) -> bool:
        silent = self._silent.get(kind)
        if silent is None:
            silent = self._silent[kind] = self._is_silent(kind)
        return silent

    def _is_silent(self, kind: Any) -> bool:
        try:
            return not any(isinstance(item, self._told) for item in extras_of(kind))
        except Exception:  # a type that can't be read may say anything
            return False


def is_plain(value: Any) -> bool:
    """Whether it is made of JSON's own types alone, exactly."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is dict:
            waiting += item.values()
        elif kind is list:
            waiting += item
        elif kind not in _LEAVES:
            return False
    return True


def extras_of(kind: Any) -> list[Any]:
    """What Annotated says anywhere in a type, in those that it is made of, and in their keys."""
    seen: set[int] = set()
    waiting: list[Any] = [kind]
    found: list[Any] = []
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        found += getattr(item, "__metadata__", ())
        waiting += typing.get_args(item)
        if hasattr(item, "__required_keys__"):  # a TypedDict, of typing or typing_extensions
            waiting += typing.get_type_hints(item, include_extras=True).values()
    return found


def install(litellm: ModuleType) -> None:
    """When the client's resources are imported: 355 modules, with the first request.

    Unfit: the client has no such function.
    """
    try:
        from openai._utils import PropertyInfo, is_given
    except ImportError as exc:
        raise Unfit(f"the OpenAI client has another inside ({exc})") from exc

    def change(client: Any) -> None:
        plain: Transform | None = getattr(client, "async_maybe_transform", None)
        if plain is not None:
            client.async_maybe_transform = PlainTransform(plain, is_given, PropertyInfo)

    imports.once_there(CLIENT, change)
