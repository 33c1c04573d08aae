"""What a module does, read from its bytecode: there may be no source, as in a layer."""

from __future__ import annotations

from collections.abc import Iterator
from opcode import EXTENDED_ARG, opname
from types import CodeType

_LOCAL = {"STORE_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST", "DELETE_FAST"}
_ALL = "__all__"
_LISTING = {("BUILD_LIST", 0), ("LIST_EXTEND", 1)}  # with the constants in between: a list of them
_NOTHING = {"RESUME", "NOP", "CACHE", "POP_TOP", "RETURN_VALUE", "RETURN_CONST"}


def only_imports(code: CodeType) -> dict[str, tuple[str, str]] | None:
    """The names that a module imports from modules beside it: {name: (".module", name there)}.

    None when it does anything else, but for a list of constants that is its `__all__` (`listed`).
    An import of __future__ counts as a name of that module.
    """
    names: dict[str, tuple[str, str]] = {}
    levels: list[object] = []
    source = there = None
    for operation, argument in _instructions(code):
        if operation == "LOAD_CONST":
            levels.append(code.co_consts[argument])
        elif operation == "LOAD_SMALL_INT":
            levels.append(argument)
        elif operation == "IMPORT_NAME":
            source, levels = _source(code.co_names[argument], levels), []
        elif operation == "IMPORT_FROM":
            there = code.co_names[argument]
        elif operation == "STORE_NAME":
            if code.co_names[argument] == _ALL and there is None:
                continue  # made by `_LISTING`, since nothing else is let through
            if source is None or there is None:
                return None
            names[code.co_names[argument]] = source, there
            there = None
        elif operation not in _NOTHING and (operation, argument) not in _LISTING:
            return None
    return names


def listed(code: CodeType) -> list[str] | None:
    """The `__all__` of a module that only imports; None: it has none."""
    constant: object = None
    for operation, argument in _instructions(code):
        if operation == "BUILD_LIST":
            constant = ()
        elif operation == "LOAD_CONST":
            constant = code.co_consts[argument]
        elif operation == "STORE_NAME" and code.co_names[argument] == _ALL:
            return list(constant) if isinstance(constant, tuple) else None
    return None


def changes_nothing(code: CodeType) -> bool:
    """Whether it stores into its own variables alone. What it calls may do as it likes."""
    changing = ("STORE_", "DELETE_")
    return all(
        not operation.startswith(changing) or operation in _LOCAL
        for operation, _ in _instructions(code)
    )


def _source(name: str, constants: list[object]) -> str | None:
    """constants: the level, and the names that are imported."""
    level = constants[-2] if len(constants) > 1 else None
    if name == "__future__":
        return name
    return "." * level + name if isinstance(level, int) and level > 0 and name else None


def _instructions(code: CodeType) -> Iterator[tuple[str, int]]:
    extended = 0
    for at in range(0, len(code.co_code), 2):
        operation, argument = code.co_code[at], code.co_code[at + 1] | extended
        extended = argument << 8 if operation == EXTENDED_ARG else 0
        if operation != EXTENDED_ARG:
            yield opname[operation], argument
