"""Imports litellm, and makes it fit to live in a long-lived process."""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import os
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import ModuleType

from . import cancel, contexts, corrections, counts, jsonio, measures, requests, trust, wrappers
from .errors import BridgeError

OLDEST = "1.78.7"
KNOWN = ("1.78.7", "1.103.7")  # what the tests run on
LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
TRACEBACK_LINES = 12

_logger = logging.getLogger("litellm_bridge")


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Else LiteLLM fetches its price list at import, and waits 5 s for it without a network."""
    environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")


def load(corrected: bool = True) -> tuple[ModuleType, str]:
    """The module and its version. BridgeError: there is none, or none that we can serve.

    corrected: whether the places are mended where LiteLLM itself loses data.
    """
    version = installed_version()
    check_version(version)
    trust.install(os.environ)
    litellm = _import()
    jsonio.find_orjson()
    warn_if_untested(version)
    # It prints to stdout otherwise: "Give Feedback / Get Help" with each error.
    litellm.suppress_debug_info = True  # type: ignore[attr-defined]
    cancel.install()
    contexts.install(litellm)
    if corrected:
        corrections.install(litellm)
    wrappers.install(litellm)
    counts.install(litellm)
    requests.install(litellm, version, off())
    return litellm, version


def off() -> frozenset[str]:
    """The names of the measures that are switched off."""
    return measures.switched_off(os.environ.get(measures.SWITCH, ""))


def installed_version() -> str:
    """ "unknown" for a package without its metadata (a pruned layer)."""
    try:
        return importlib.metadata.version("litellm")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def check_version(version: str) -> None:
    numbers = _numbers(version)
    if numbers and numbers < _numbers(OLDEST):
        raise BridgeError(
            "ERR_LITELLM_VERSION", f"litellm {version} is too old: {OLDEST} is the oldest supported"
        )


def warn_if_untested(version: str) -> None:
    if version not in KNOWN:
        _logger.warning(
            "litellm %s is not a version that litellm-bridge was tested with (%s)",
            version,
            ", ".join(KNOWN),
        )


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, match.groups())) if match else ()


def _import() -> ModuleType:
    try:
        with measures.applied(os.environ):
            return importlib.import_module("litellm")
    except BaseException as exc:  # SystemExit too: whatever it is, Node must learn of it
        raise _import_failure(exc) from exc


def _import_failure(exc: BaseException) -> BridgeError:
    if isinstance(exc, ModuleNotFoundError) and exc.name == "litellm":
        return BridgeError(
            "ERR_LITELLM_MISSING",
            f"{sys.executable} has no litellm package",
            "sys.path: " + ", ".join(sys.path),
        )
    lines = "".join(traceback.format_exception(exc)).splitlines()
    return BridgeError(
        "ERR_LITELLM_MISSING",
        f"litellm can't be imported: {type(exc).__name__}: {exc}{_culprit(exc)}",
        "\n".join(lines[-TRACEBACK_LINES:]),
    )


def _culprit(exc: BaseException) -> str:
    """ssl tells neither the file that it can't read, nor who named it."""
    file = os.environ.get("SSL_CERT_FILE")
    return f" (SSL_CERT_FILE={file})" if file and type(exc).__module__ == "ssl" else ""
