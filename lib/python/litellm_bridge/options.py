"""What the C core tells the worker, in one environment variable."""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

VARIABLE = "LITELLM_BRIDGE_OPTIONS"


class OptionsError(ValueError):
    """The options are not what docs/protocol.md says; the text names which."""


@dataclass(frozen=True, slots=True)
class Options:
    parent: int | None = None  # pid of Node
    preload: tuple[str, ...] = ()  # modules or paths, imported before ready
    log_level: int = logging.INFO
    begun_ms: float | None = None  # CLOCK_MONOTONIC when Node began this start
    corrections: bool = True  # whether what LiteLLM itself loses is mended


def take(environ: MutableMapping[str, str]) -> Options:
    """Reads the options and removes them, so that no process that we start sees them."""
    text = environ.pop(VARIABLE, "{}")
    try:
        raw = json.loads(text)
    except ValueError:
        raise OptionsError(f"{VARIABLE} is not JSON") from None
    if not isinstance(raw, dict):
        raise OptionsError(f"{VARIABLE} is not a JSON object")
    return Options(_parent(raw), _preload(raw), _level(raw), _begun(raw), _corrections(raw))


def _parent(raw: dict[str, Any]) -> int | None:
    pid = raw.get("parent")
    if pid is None or (type(pid) is int and pid > 0):
        return pid
    raise OptionsError("parent is not a process id")


def _preload(raw: dict[str, Any]) -> tuple[str, ...]:
    names = raw.get("preload") or []
    if isinstance(names, list) and all(isinstance(name, str) and name for name in names):
        return tuple(names)
    raise OptionsError("preload is not an array of module names or paths")


def _begun(raw: dict[str, Any]) -> float | None:
    begun = raw.get("begun")
    if begun is None or (isinstance(begun, (int, float)) and begun >= 0):
        return begun
    raise OptionsError("begun is not a time")


def _corrections(raw: dict[str, Any]) -> bool:
    value = raw.get("corrections", True)
    if type(value) is bool:
        return value
    raise OptionsError("corrections is not true or false")


def _level(raw: dict[str, Any]) -> int:
    level = logging.getLevelNamesMapping().get(str(raw.get("logLevel") or "INFO").upper())
    if level is None:
        raise OptionsError("logLevel is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
    return level
