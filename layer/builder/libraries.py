"""Which of Debian's shared libraries the layer needs, and where each file looks for them."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import BuildError
from .files import walk
from .interpreter import LIBRARIES
from .tools import LOADERS, Tools, is_elf

# Loaded by name, not linked: threads that are cancelled, programs that ask for the old libraries.
ALWAYS = (
    "libc.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
)


def elf_files(root: Path) -> list[Path]:
    return [path for path in walk(root) if is_elf(path)]


def keep_needed(tools: Tools, root: Path) -> None:
    """Removes the libraries that no file needs, not even through others.

    Raises BuildError naming a file that needs one which is not there.
    """
    have = {path.name: path for path in (root / LIBRARIES).iterdir()}
    own = {path.name: path for path in elf_files(root) if path.parent.name.endswith(".libs")}
    waiting = [path for path in elf_files(root) if path.parent.name != LIBRARIES]
    needed = {LOADERS[tools.arch], *(name for name in ALWAYS if name in have)}
    waiting += [have[name] for name in needed]
    while waiting:
        file = waiting.pop()
        for name in tools.needed(file):
            if name in needed or name in own:
                continue
            if name not in have:
                raise _missing(file.relative_to(root), name)
            needed.add(name)
            waiting.append(have[name])
    for name, path in have.items():
        if name not in needed:
            path.unlink()


def _missing(file: Path, name: str) -> BuildError:
    return BuildError(
        f"{file} needs {name}, which is in no package of layer/debian.txt",
        "Name the Debian package that has it there, or leave out the requirement that needs it",
    )


def set_search_paths(tools: Tools, root: Path) -> None:
    """The interpreter finds its loader at /opt; all find their libraries beside them.

    Wheels' modules look where the interpreter looks: DT_RPATH is inherited.
    """
    loader = LOADERS[tools.arch]
    python = root / "bin/python3"
    tools.search_in(
        python, f"$ORIGIN/../{LIBRARIES}", interpreter=f"/opt/python/{LIBRARIES}/{loader}"
    )
    for path in sorted((root / "lib").rglob("*.so")):
        up = os.path.relpath(root / LIBRARIES, path.parent)
        tools.search_in(path, f"$ORIGIN/{up}")
    for path in sorted((root / LIBRARIES).iterdir()):
        if path.name not in (loader, "libc.so.6"):  # these two find each other
            tools.search_in(path, "$ORIGIN")
