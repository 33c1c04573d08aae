"""Descriptors that Node opened without CLOEXEC. Imported before all else: no module that is a file."""

from __future__ import annotations

import os

from .archive.file import NAME

FIRST_STRAY_FD = 5


def close_strays(first: int = FIRST_STRAY_FD) -> None:
    """Closes every descriptor from `first` on.

    Must run before anything of ours opens one; only the archive of a layer is open by then, and
    its map closes a number of its own in the end. Lists them, since the limit may be a million.
    """
    for fd in _open_fds():
        if fd >= first and not _is_archive(fd):
            try:
                os.close(fd)
            except OSError:  # the listing's own is closed already
                pass


def _is_archive(fd: int) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{fd}").endswith(f"/{NAME}")
    except OSError:  # the listing's own; or another system, which has no layers
        return False


def _open_fds() -> list[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return [int(name) for name in os.listdir(folder)]
        except OSError:
            pass
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return list(range(min(soft, 65536)))
