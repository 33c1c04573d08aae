"""Descriptors that Node opened without CLOEXEC. Imported before all else: it imports only os."""

from __future__ import annotations

import os

FIRST_STRAY_FD = 5


def close_strays(first: int = FIRST_STRAY_FD) -> None:
    """Closes every descriptor from `first` on.

    Must run before anything of ours opens one. Lists them, since the limit may be a million.
    """
    for fd in _open_fds():
        if fd >= first:
            try:
                os.close(fd)
            except OSError:  # the listing's own is closed already
                pass


def _open_fds() -> list[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return [int(name) for name in os.listdir(folder)]
        except OSError:
            pass
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return list(range(min(soft, 65536)))
