"""What the layer says of itself: litellm-bridge.json."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .files import digest_of, size_of, walk

NAME = "litellm-bridge.json"
FORMAT = 1


def content_of(root: Path) -> str:
    """The sha256 over names, modes and bytes of all files but the manifest: the layer's identity."""
    sha = hashlib.sha256()
    for path in walk(root):
        if path != root / NAME:
            mode = path.stat().st_mode & 0o777
            sha.update(f"{mode:o} {digest_of(path)} {path.relative_to(root)}\n".encode())
    return sha.hexdigest()


def write(root: Path, fields: dict[str, Any]) -> dict[str, Any]:
    """Writes the manifest, with the size, number and hash of the files."""
    manifest = {
        "format": FORMAT,
        "name": "litellm-bridge",
        **fields,
        "unzipped": size_of(root),
        "files": sum(1 for _ in walk(root)),
        "content": content_of(root),
    }
    path = root / NAME
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    path.chmod(0o644)
    return manifest
