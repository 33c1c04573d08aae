"""Measures that make the import of litellm cheaper, and change nothing that an application sees.

Each is a module of its own with a context manager that is in force during the import. A measure
proves what it relies on, on whatever version is there, or stays out: `Unfit` says why. All can be
switched off by name, or by `all`: LITELLM_BRIDGE_MEASURES_OFF=ca,tokenizers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager

from . import anthropic, certificates, collector, counting, models, plugins, reexports, tokenizers
from .fitness import Unfit

SWITCH = "LITELLM_BRIDGE_MEASURES_OFF"

MEASURES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "gc": collector.paused,
    "ca": certificates.deferred,
    "plugins": plugins.known,
    "pydantic": models.deferred,
    "openai": reexports.deferred,
    "counting": counting.slim,
    "tokenizers": tokenizers.deferred,
    "anthropic": anthropic.deferred,
}

# Measures of requests/, which share the switch.
OF_REQUESTS = frozenset(("garbage", "handlers", "numbers", "setup", "transcript", "transform"))

_logger = logging.getLogger("litellm_bridge")


@contextmanager
def applied(environ: Mapping[str, str]) -> Iterator[None]:
    """Every measure in force that is not switched off."""
    off = switched_off(environ.get(SWITCH, ""))
    with ExitStack() as stack:
        for name, measure in MEASURES.items():
            if name not in off:
                _enter(stack, name, measure())
        yield


def switched_off(names: str) -> frozenset[str]:
    """names: as in the environment variable."""
    off = {name.strip().lower() for name in names.split(",")} - {""}
    every = MEASURES.keys() | OF_REQUESTS
    if unknown := sorted(off - every - {"all"}):
        known = ", ".join((*MEASURES, *sorted(OF_REQUESTS)))
        told = ", ".join(unknown)
        _logger.warning("%s: no measure is called %s; there are %s, and all", SWITCH, told, known)
    return frozenset(every if "all" in off else off & every)


def _enter(stack: ExitStack, name: str, measure: AbstractContextManager[None]) -> None:
    try:
        stack.enter_context(measure)
    except Unfit as exc:
        _logger.debug("the start goes without the measure %s: %s", name, exc)
