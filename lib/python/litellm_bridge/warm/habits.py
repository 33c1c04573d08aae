"""Which providers were used last: a small file, so that the next start knows what to warm up."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Mapping

NAME = "last-used.json"
KEPT = 2  # providers; more than that are no habit
_LARGEST = 4096  # bytes
_PROVIDER = re.compile(r"[a-z0-9_-]{1,64}")


def folder(environ: Mapping[str, str]) -> str:
    """The cache folder where there is one, else one below /tmp (Lambda's only disk)."""
    root = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(root):
        root = os.path.join(os.path.expanduser("~"), ".cache")
    cache = os.path.join(root, "litellm-bridge")
    if os.access(cache, os.W_OK):
        return cache
    return os.path.join(tempfile.gettempdir(), f"litellm-bridge-{os.geteuid()}")


def read(place: str) -> list[str]:
    """The last one first. Empty: unknown, or somebody else may have written it."""
    try:
        with open(os.open(os.path.join(place, NAME), os.O_RDONLY | os.O_NOFOLLOW)) as file:
            if not _is_ours(os.fstat(file.fileno())) or not _is_ours(os.lstat(place)):
                return []
            names = json.loads(file.read(_LARGEST))
    except (OSError, ValueError):
        return []
    valid = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return [name for name in names if _PROVIDER.fullmatch(name)][:KEPT] if valid else []


def write(place: str, names: Iterable[str]) -> None:
    """In one step. That it can't be written is no matter."""
    with contextlib.suppress(OSError):
        os.makedirs(place, mode=0o700, exist_ok=True)
        if not _is_ours(os.lstat(place)):
            return
        fd, draft = tempfile.mkstemp(dir=place)  # 0600
        with open(fd, "w") as file:
            json.dump(list(names)[:KEPT], file)
        os.replace(draft, os.path.join(place, NAME))


def _is_ours(info: os.stat_result) -> bool:
    return (
        info.st_uid == os.geteuid() and not info.st_mode & 0o022 and not stat.S_ISLNK(info.st_mode)
    )
