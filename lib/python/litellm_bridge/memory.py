"""What this process takes of the machine's memory, as the kernel counts it."""

from __future__ import annotations

import contextlib
import os
from typing import TypedDict


class Memory(TypedDict):
    rss: int  # bytes
    vms: int  # bytes
    percent: float  # of the memory limit, or of the machine's memory; 0.0 where unknown


_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def measure(root: str = "") -> Memory:
    """root is put before the paths of the kernel's files, for tests."""
    pages = _read(root + "/proc/self/statm").split()
    if len(pages) < 2:
        return Memory(rss=0, vms=0, percent=0.0)
    page = os.sysconf("SC_PAGE_SIZE")
    rss = int(pages[1]) * page
    total = available(root)
    percent = round(100 * rss / total, 2) if total else 0.0
    return Memory(rss=rss, vms=int(pages[0]) * page, percent=percent)


def available(root: str = "") -> int:
    """Bytes: the cgroup's limit or the machine's memory, whichever is less. 0: unknown."""
    found = [_meminfo(root), *(_limit(root + path) for path in _LIMITS)]
    return min((size for size in found if size > 0), default=0)


def _meminfo(root: str) -> int:
    for line in _read(root + "/proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return 0


def _limit(path: str) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else 0  # "max": no limit


def _read(path: str) -> str:
    with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
        return file.read()
    return ""
