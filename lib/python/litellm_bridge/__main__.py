"""Entry point: python3 -I -S -X utf8 <this file>, with descriptors as in docs/protocol.md.

This file alone must parse on every Python from 3.6 on, so that an old interpreter is refused
with a sentence and not with a SyntaxError.
"""

import os
import sys
import time

BEGUN_NS = int(time.monotonic() * 1e9)  # monotonic_ns is of 3.7
OLDEST = (3, 11)
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h


def refuse_old_python():
    # type: () -> None
    if sys.version_info >= OLDEST:
        return
    text = "litellm-bridge needs Python 3.11 or newer; %s is Python %d.%d\n" % (
        sys.executable,
        sys.version_info[0],
        sys.version_info[1],
    )
    os.write(2, text.encode())
    os._exit(EXIT_CONFIG)


def start():
    # type: () -> None
    package = os.path.dirname(os.path.abspath(__file__))
    parent = os.path.dirname(package)
    sys.path.insert(0, parent)
    from litellm_bridge import roomy
    from litellm_bridge.strays import close_strays

    sys.path.remove(parent)  # it would be searched for each module of the application
    close_strays()
    from litellm_bridge.archive import importing

    archive = importing.begin(parent)
    from litellm_bridge.worker import main

    roomy.call(main, BEGUN_NS, archive)


if __name__ == "__main__":
    refuse_old_python()
    start()
