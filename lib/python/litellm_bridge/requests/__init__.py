"""Measures that make a warm call cheaper, and change no result that an application sees.

Each is a module of its own. It stays out on a LiteLLM whose code it was not compared with, and can
be switched off as those of the import can (measures.SWITCH), by the names here.
"""

from __future__ import annotations

import asyncio
import logging
from types import ModuleType

from ..measures.fitness import Unfit
from . import cookies, fields, handlers, numbers, transcript, transform
from .setup import SetUpExecutor

COMPARED = ("1.78.7",)  # LiteLLM's versions

_logger = logging.getLogger("litellm_bridge")


_PATCHES = {
    "cookies": cookies.install,
    "fields": fields.install,
    "handlers": handlers.install,
    "numbers": numbers.install,
    "transcript": transcript.install,
    "transform": transform.install,
}


def install(litellm: ModuleType, version: str, off: frozenset[str]) -> None:
    """The measures that patch LiteLLM or its client. off: those that are switched off."""
    for name, patch in _PATCHES.items():
        if version not in COMPARED or name in off:
            continue
        try:
            patch(litellm)
        except (Unfit, ImportError) as exc:
            _logger.debug("calls go without the measure %s: %s", name, exc)


def executor(litellm: ModuleType, version: str, off: frozenset[str]) -> SetUpExecutor | None:
    """For the loop's default one. None: the loop's own."""
    return SetUpExecutor(litellm) if version in COMPARED and "setup" not in off else None


def use_executor(
    loop: asyncio.AbstractEventLoop, litellm: ModuleType, version: str, off: frozenset[str]
) -> None:
    """Lets LiteLLM's set-up of warm calls run where it is asked for."""
    own = executor(litellm, version, off)
    if own is not None:
        loop.set_default_executor(own)
