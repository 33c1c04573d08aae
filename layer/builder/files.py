"""Files: hashes, drafts that become whole in one step, walks in a fixed order."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def digest_of(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(parts: Iterable[str]) -> str:
    """The sha256 of a list of texts, in hex; the cuts between them count."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(f"{len(part)}:{part}".encode())
    return sha.hexdigest()


def walk(folder: Path) -> Iterator[Path]:
    """All that is no folder below, in the order of the names' bytes."""
    found = (
        Path(parent, name) for parent, _, names in os.walk(folder) for name in names
    )  # links to folders are among the folders; there are none (interpreter.py copies)
    return iter(sorted(found, key=lambda path: os.fsencode(path)))


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in walk(folder))


def cached(target: Path, make: Callable[[Path], None]) -> Path:
    """`target`, made by `make(draft)` when it is not there yet.

    It is renamed into place when complete: who is stopped half-way leaves nothing in its place.
    """
    if target.is_dir():
        return target
    draft = Path(tempfile.mkdtemp(prefix=f"{target.name}.draft-", dir=target.parent))
    try:
        draft.chmod(0o755)
        make(draft)
        draft.rename(target)
    except OSError:
        if not target.is_dir():  # else another builder was faster
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def remove_empty(folder: Path) -> None:
    """Folders without a file go, `folder` itself stays."""
    for parent, _, _ in os.walk(folder, topdown=False):
        if Path(parent) != folder and not os.listdir(parent):
            os.rmdir(parent)
