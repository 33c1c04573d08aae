"""A module some of whose names are made when somebody asks for them.

Whoever looks at the module as a whole (dir, vars, a star import) gets it complete, and from then
on it is a plain module. Asking twice at a time is no harm: what is made is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any, Protocol


class Rest(Protocol):
    """What a module lacks."""

    def find(self, module: ModuleType, name: str) -> Any:
        """The value of a name that is missing; it need not be kept. AttributeError: no such."""

    def complete(self, module: ModuleType) -> None:
        """Puts every missing name into the module's namespace."""


_dict_of = vars(ModuleType)["__dict__"].__get__
_rests: dict[str, Rest] = {}  # by the module's name; dropped when it is complete


def postpone(module: ModuleType, rest: Rest) -> None:
    """Makes module a pending one. It must be of the plain type."""
    _rests[module.__name__] = rest
    module.__class__ = PendingModule


def namespace(module: ModuleType) -> dict[str, Any]:
    """The module's dictionary as it is."""
    names: dict[str, Any] = _dict_of(module)
    return names


class PendingModule(ModuleType):
    """Its rest is found by its name, so that its namespace holds nothing of ours."""

    def __getattr__(self, name: str) -> Any:
        rest = _rests.get(namespace(self)["__name__"])
        if rest is None or (name.startswith("__") and name.endswith("__")):
            return ModuleType.__getattribute__(self, name)  # there by now, or the usual error
        return rest.find(self, name)

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        _complete(self)
        return namespace(self)

    def __dir__(self) -> Iterable[str]:
        _complete(self)
        return ModuleType.__dir__(self)


def _complete(module: ModuleType) -> None:
    key = namespace(module)["__name__"]
    if (rest := _rests.get(key)) is not None:
        rest.complete(module)
        _rests.pop(key, None)
        module.__class__ = ModuleType
