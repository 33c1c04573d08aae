"""This process: its descriptors, its lifeline, and who may read its memory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import stat

CONTROL_FD = 3
LIFELINE_FD = 4
_PR_SET_DUMPABLE = 4


def keep_private(*fds: int) -> None:
    """No process that we start gets these: it would keep Node's end from being seen."""
    for fd in fds:
        with contextlib.suppress(OSError):
            os.set_inheritable(fd, False)


def arm_lifeline(fd: int = LIFELINE_FD) -> None:
    """Lets the kernel end us and our descendants when the pipe's other end closes.

    SIGIO is sent to the process group even while we import or hold the GIL. Does nothing when
    fd is not an open pipe (a start by hand).
    """
    with contextlib.suppress(OSError):
        if not stat.S_ISFIFO(os.fstat(fd).st_mode):
            return
        owner = -os.getpid() if os.getpgrp() == os.getpid() else os.getpid()
        fcntl.fcntl(fd, fcntl.F_SETOWN, owner)
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
        _end_if_cut(fd)


def _end_if_cut(fd: int) -> None:
    """The signal comes at the moment of the cut: one that came before would be missed."""
    poll = select.poll()
    poll.register(fd, 0)
    if poll.poll(0):
        os.kill(os.getpid(), signal.SIGIO)


def forbid_dumps() -> None:
    """Keeps other processes of this user from reading our memory, where the keys are.

    exec resets it, so it can't be done by the parent. Importing ctypes costs some 4 ms: call it
    when nothing waits.
    """
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
