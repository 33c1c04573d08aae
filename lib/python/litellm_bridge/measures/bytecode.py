"""What a module does, read from its bytecode: there may be no source, as in a layer."""

from __future__ import annotations

from collections.abc import Iterator
from opcode import EXTENDED_ARG, opname
from types import CodeType

_LOCAL = {"STORE_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST", "DELETE_FAST"}
_NOTHING = {"RESUME", "NOP", "CACHE", "POP_TOP", "RETURN_VALUE", "RETURN_CONST"}


def only_imports(code: CodeType) -> dict[str, tuple[str, str]] | None:
    """The names that a module imports from modules beside it: {name: (".module", name there)}.

    None when it does anything else. An import of __future__ counts as a name of that module.
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
            if source is None or there is None:
                return None
            names[code.co_names[argument]] = source, there
            there = None
        elif operation not in _NOTHING:
            return None
    return names


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
