"""The figures of a build."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from litellm_bridge.archive.file import NAME

from .files import digest_of, walk
from .interpreter import LIBRARIES
from .prune import Pruned

# Bytes. Zip: what can be uploaded directly, more goes over S3. Unzipped: the function with all
# its layers.
LIMITS = {"unzipped": 262_144_000, "zip": 52_428_800}
_SHOWN = 15


def describe_zip(path: Path) -> dict[str, Any]:
    sha256 = digest_of(path)
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": sha256,
        "base64": base64.b64encode(bytes.fromhex(sha256)).decode(),  # Lambda's CodeSha256
    }


def largest(root: Path, archived: Counter[str]) -> list[dict[str, Any]]:
    """The packages (and the interpreter's parts) that take most room, unzipped.

    archived: bytes in the start archive, by the first part of the modules' paths.
    """
    sizes: Counter[str] = Counter()
    for path in walk(root):
        sizes[_part(path.relative_to(root))] += path.stat().st_size
    for name, size in archived.items():
        sizes[_part(Path(name))] += size
        sizes[NAME] -= size
    return [{"name": name, "bytes": size} for name, size in sizes.most_common(_SHOWN)]


def _part(path: Path) -> str:
    first = path.parts[0]
    names = {
        "bin": "python",
        "lib": "python",
        LIBRARIES: "shared libraries",
        "licenses": "licences",
    }
    if path.suffix == ".so" and first == "lib":
        return "python's extension modules"
    return names.get(first, first.removesuffix(".pyc").removesuffix(".py"))


def report(
    root: Path,
    packed: Path,
    pruned: Sequence[Pruned],
    manifest: dict[str, Any],
    archived: Counter[str],
) -> dict[str, Any]:
    files = list(walk(root))
    return {
        "format": 1,
        "arch": manifest["arch"],
        "variant": manifest["variant"],
        "zip": describe_zip(packed),
        "unzipped": {"bytes": sum(path.stat().st_size for path in files), "files": len(files)},
        "limits": LIMITS,
        "largest": largest(root, archived),
        "pruned": [asdict(item) for item in pruned],
        "manifest": manifest,
    }
