"""Room on Python's own stack of frames, so that calls do not map and unmap memory all the time.

CPython takes the memory for its frames in chunks of 16 KiB, straight from the system, and gives a
chunk back when the last frame in it ends. A loop that happens to stand at a chunk's end pays two
system calls and a page fault for each call that it makes: an import of litellm 7,000 of them. A
frame that is larger than a chunk gets a larger one, and the frames above it share what is left.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

# Slots of 8 bytes: just over 256 KiB, so that the chunk is of 512. What is not used is never
# touched, and costs nothing.
_SLOTS = 1 << 15


def call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """function(...), with room above it for some thousand frames."""
    return function(*args, **kwargs)


call.__code__ = call.__code__.replace(co_stacksize=_SLOTS)
