"""What this Python is, for `llm.verify()`."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from types import ModuleType
from typing import Any

from . import engine

# What LiteLLM's providers, and its speed, depend on.
PACKAGES = (
    "openai", "boto3", "botocore", "pydantic", "httpx", "aiohttp", "tiktoken", "tokenizers",
    "orjson", "uvloop",
)  # fmt: skip


def describe(litellm: ModuleType) -> dict[str, Any]:
    """Reads metadata from the disk: tens of ms with a cold cache."""
    folder = os.path.dirname(litellm.__file__ or "")
    return {
        "python": {
            "version": ".".join(map(str, sys.version_info[:3])),
            "path": sys.executable,
            "sysPath": list(sys.path),
        },
        "litellm": {
            "version": engine.installed_version(),
            "path": folder,
            "tested": list(engine.KNOWN),
        },
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
