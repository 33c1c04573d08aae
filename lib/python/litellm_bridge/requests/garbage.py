"""What the first calls leave behind for good is taken out of the garbage collector's sight.

They import modules and build validators: some hundred thousand objects that live as long as the
process. Every full collection would walk through them, for 20 ms and more in the middle of some
call. Safe, because freezing frees and changes nothing: it is done while no call runs, so that what
is frozen is the process's own; objects without cycles are freed as ever.
"""

from __future__ import annotations

import gc
from typing import Final

AFTER: Final = frozenset((1, 8, 64))  # calls: later ones may be the first of their kind


class Freezer:
    """Told of each call's end."""

    def __init__(self) -> None:
        self._calls = 0
        self._due = False

    def call_ended(self, is_idle: bool) -> bool:
        """is_idle: no other call runs. Whether first calls have left what they leave."""
        self._calls += 1
        self._due = self._due or self._calls in AFTER
        if not self._due or not is_idle:
            return False
        self._due = False
        gc.collect(1)  # the young ones alone: what is frozen is never collected
        gc.freeze()
        return True
