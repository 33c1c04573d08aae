"""The interpreter, its standard library and the shared libraries, from Debian's packages.

With Debian's own C library and loader beside it, it does not depend on what the machine has:
it runs in an empty root, and on a glibc that is older than the one it was built for.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import BuildError
from .files import cached, digest, walk
from .tools import LOADERS, MACHINES, Tools, is_elf

VERSION = "3.11"
STDLIB = f"lib/python{VERSION}"
LIBRARIES = "clib"  # not lib: nothing else looks there


@dataclass(frozen=True)
class DebianPackage:
    name: str
    version: str
    sha256: str


def debian_packages(debian: Path) -> list[DebianPackage]:
    """Of the interpreter, as build.sh has fetched them."""
    lines = (debian / "SHA256SUMS").read_text().splitlines()
    found = [line.split("  ", 1) for line in lines if "  interpreter/" in line]
    return [_package(debian / path, sha256) for sha256, path in found]


def _package(path: Path, sha256: str) -> DebianPackage:
    name, version, _ = path.name.removesuffix(".deb").split("_")
    return DebianPackage(name, version.replace("%3a", ":"), sha256)


def build(tools: Tools, debian: Path, cache: Path) -> Path:
    """The folder with bin, lib and all of Debian's shared libraries in `debian` below it."""
    packages = [str(asdict(package)) for package in debian_packages(debian)]
    key = digest([tools.arch, Path(__file__).read_text(), *packages])[:16]
    return cached(
        cache / f"interpreter-{tools.arch}-{key}", lambda draft: _build(tools, debian, draft)
    )


def _build(tools: Tools, debian: Path, draft: Path) -> None:
    with tempfile.TemporaryDirectory(dir=draft.parent) as name:
        root = Path(name)
        for package in sorted((debian / "interpreter").glob("*.deb")):
            _unpack(package, root)
        (draft / "bin").mkdir()
        shutil.copyfile(root / "usr/bin/python3.11", draft / "bin/python3")
        _copy_stdlib(root / "usr/lib/python3.11", draft / STDLIB)
        _collect_libraries(root, draft / LIBRARIES, LOADERS[tools.arch], MACHINES[tools.arch])
        _copy_licences(root, draft / "licenses/debian")


def _unpack(package: Path, root: Path) -> None:
    done = subprocess.run(["dpkg-deb", "-x", package, root], capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildError(
            f"{package.name} can't be unpacked: {done.stderr}", "See the log; is the disk full?"
        )


def _copy_stdlib(source: Path, target: Path) -> None:
    """Links become copies; a link to what another package would bring is left out."""

    def dangling(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if not Path(folder, name).exists()]

    shutil.copytree(source, target, ignore=dangling)


def _collect_libraries(root: Path, target: Path, loader: str, machine: str) -> None:
    """All that the packages have; those that nothing needs go later (libraries.py)."""
    target.mkdir()
    for folder in (root / "lib" / machine, root / "usr/lib" / machine):
        for path in sorted(folder.glob("*.so*")):
            if path.is_file() and is_elf(path):
                shutil.copyfile(path, target / path.name)
    if not (target / loader).exists():
        shutil.copyfile(root / "lib" / loader, target / loader)


def _copy_licences(root: Path, target: Path) -> None:
    """The copyright of each package, and the texts that these refer to."""
    target.mkdir(parents=True)
    for path in sorted((root / "usr/share/doc").glob("*/copyright")):
        same = path.parent.resolve().name
        if same != path.parent.name:
            (target / path.parent.name).write_text(f"See {same}: this package has the same.\n")
        else:
            shutil.copyfile(path, target / same)
    texts = "".join(path.read_text(errors="replace") for path in walk(target))
    for path in sorted((root / "usr/share/common-licenses").iterdir()):
        if f"common-licenses/{path.name}" in texts:
            shutil.copyfile(path, target / f"common-license-{path.name}")
