"""Imports litellm as the worker does, and runs each of the programs on standard input (a JSON
array) in a fork, so that each finds everything unused. Prints what each raised, or null.
"""

import json
import os
import sys
import traceback

from litellm_bridge import measures

with measures.applied(os.environ):
    import litellm


def outcome(program: str) -> str | None:
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            exec(compile(program, "<program>", "exec"), {"litellm": litellm, "sys": sys})
            os._exit(0)
        except SystemExit:
            os._exit(0)
        except BaseException:
            os.write(writer, traceback.format_exc().encode())
            os._exit(1)
    os.close(writer)
    with open(reader, encoding="utf-8") as file:
        words = file.read()
    _, status = os.wait()
    return None if status == 0 else words or f"status {status}"


print(json.dumps([outcome(program) for program in json.load(sys.stdin)]))
