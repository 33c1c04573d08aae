"""How long the start took, in ms."""

from __future__ import annotations

import contextlib
import os
import time


def interpreter_ms(begun_ns: int, asked_ms: float | None = None) -> float:
    """To begun_ns from asked_ms (both CLOCK_MONOTONIC), where Node began the start.

    Without that, from exec, in the kernel's steps of 10 ms; 0.0 if unknown.
    """
    if asked_ms is not None:
        return max(0.0, milliseconds(begun_ns - round(asked_ms * 1e6)))
    with contextlib.suppress(OSError, ValueError, IndexError, AttributeError):
        with open("/proc/self/stat", "rb") as file:
            # The name in parentheses may hold spaces; field 22 is the start, in ticks of uptime.
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        started_ns = ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        asleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
        return max(0.0, milliseconds(begun_ns + asleep_ns - started_ns))
    return 0.0


def milliseconds(ns: int) -> float:
    return round(ns / 1e6, 3)
