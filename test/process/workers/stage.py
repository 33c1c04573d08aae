#!/usr/bin/env python3
"""A worker with a child of its own that stays at the stage that STAGE names.

silent: before hello. imports: after hello, deaf. holds_gil: after hello, in a C call that keeps
the GIL. serves: ready. stubborn: ready, and neither goodbye nor SIGTERM ends it.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "workers"))
from peer import Peer  # noqa: E402

STAGE = os.environ["STAGE"]
LONG_S = 600  # longer than any test


class Stage(Peer):
    def greet(self, channel):
        if STAGE == "silent":
            return
        super().greet(channel)
        if STAGE == "imports":
            time.sleep(LONG_S)
        if STAGE == "holds_gil":
            ctypes.PyDLL(None).sleep(LONG_S)

    def goodbye(self):
        if STAGE != "stubborn":
            super().goodbye()


if STAGE == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", str(LONG_S)])
peer = Stage()
peer.is_ready = STAGE in ("serves", "stubborn")
peer.serve()
