"""What an asynchronous generator of another's was made with."""

from __future__ import annotations

from typing import Any


def locals_of(generator: Any, name: str) -> dict[str, Any]:
    """Its variables, while it has not ended; {} where it is no generator of that name."""
    frame = getattr(generator, "ag_frame", None)
    return frame.f_locals if frame is not None and generator.ag_code.co_name == name else {}
