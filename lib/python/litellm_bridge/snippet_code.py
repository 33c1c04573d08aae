"""Runs a program as __main__ of this process, which is for it alone (snippet_main.py)."""

from __future__ import annotations

import json
import linecache
import sys
import traceback
import types
from typing import NoReturn

NAME = "<snippet>"


def run_program() -> None:
    """The one that standard input has; sys.path becomes its path."""
    program = json.loads(sys.stdin.buffer.read())
    sys.path[:] = program["path"]
    sys.argv[:] = [NAME]
    sys.excepthook = traceback.print_exception  # the default one does not ask linecache
    run(program["code"])


def run(code: str) -> None:
    """Runs code as the module __main__. A traceback shows its lines, and none of ours."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    linecache.cache[NAME] = (len(code), None, code.splitlines(keepends=True), NAME)
    try:
        exec(compile(code, NAME, "exec", dont_inherit=True), module.__dict__)
    except SystemExit:
        raise
    except BaseException as exc:
        fail(exc)


def fail(exc: BaseException) -> NoReturn:
    ours = exc.__traceback__
    theirs = exc.with_traceback(ours.tb_next if ours else None)
    sys.excepthook(type(theirs), theirs, theirs.__traceback__)
    sys.exit(1)
