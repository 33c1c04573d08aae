"""The process of `llm.runPython()`: python3 -I -S -X utf8 <this file> LIFELINE.

LIFELINE is a descriptor (see process.arm_lifeline). stdin is a JSON object: `code`, and `path`,
which becomes sys.path.
"""

from __future__ import annotations

import json
import linecache
import os
import sys
import traceback
import types
from typing import NoReturn

NAME = "<snippet>"
LIFELINE_FD = 3


def main(lifeline: int) -> None:
    package = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, os.path.dirname(package))
    from litellm_bridge import process
    from litellm_bridge.archive import importing
    from litellm_bridge.strays import close_strays

    os.dup2(lifeline, LIFELINE_FD, inheritable=False)
    close_strays(LIFELINE_FD + 1)  # uvloop leaves some
    importing.install(importing.path_of(sys.executable), os.path.dirname(package))
    process.arm_lifeline(LIFELINE_FD)
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


if __name__ == "__main__":
    main(int(sys.argv[1]))
