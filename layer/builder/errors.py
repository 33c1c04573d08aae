"""A failure that is told to a person."""

from __future__ import annotations

import errno


class BuildError(Exception):
    """What happened, and in `hint` what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def of_system(error: OSError) -> BuildError:
    """What the operating system refused, most often room."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BuildError(f"The disk is full: {error}", FULL)
    return BuildError(str(error), "See the log; mend what it names, and build again")


FULL = (
    "Make room: 1 GB for the cache (another folder: XDG_CACHE_HOME), 0.3 GB for the result (--out)"
)
