"""What the builder says on standard output, a JSON object a line. Everything else is in the log.

{"step": name} · {"done": n, "of": total} of that step · {"report": {...}} at the end ·
{"error": what happened, "hint": what to do}
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, TextIO

_OFTEN = 0.1  # s between two counts


class Progress:
    """Counts the steps' work; owner of the log file."""

    def __init__(self, log: Path) -> None:
        self.log_path = log
        self.log: TextIO = log.open("a", encoding="utf-8")
        self._last = 0.0

    def step(self, name: str) -> None:
        self.write(f"--- {name}")
        _say(step=name)

    def count(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._last > _OFTEN:
            self._last = now
            _say(done=done, of=total)

    def write(self, text: str) -> None:
        """Adds to the log."""
        print(text.rstrip("\n"), file=self.log, flush=True)

    def report(self, report: dict[str, Any]) -> None:
        _say(report=report)

    def error(self, message: str, hint: str) -> None:
        self.write(f"{message}\n{hint}")
        _say(error=message, hint=hint)


def _say(**fields: Any) -> None:
    print(json.dumps(fields), flush=True, file=sys.stdout)
