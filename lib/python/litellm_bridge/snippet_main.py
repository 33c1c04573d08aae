"""The process of `llm.runPython()`: python3 -I -S -X utf8 <this file> LIFELINE.

LIFELINE is a descriptor (see process.arm_lifeline). stdin is a JSON object: `code`, and `path`,
which becomes sys.path.
"""

from __future__ import annotations

import os
import sys

LIFELINE_FD = 3


def main(lifeline: int) -> None:
    package = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, os.path.dirname(package))
    from litellm_bridge.archive import importing
    from litellm_bridge.strays import close_strays

    os.dup2(lifeline, LIFELINE_FD, inheritable=False)
    close_strays(LIFELINE_FD + 1)  # uvloop leaves some
    importing.begin(os.path.dirname(package))
    from litellm_bridge import process, snippet_code

    process.arm_lifeline(LIFELINE_FD)
    snippet_code.run_program()


if __name__ == "__main__":
    main(int(sys.argv[1]))
