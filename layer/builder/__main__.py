"""python -m builder: the steps of a build, in their order."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections import Counter
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from . import archive, bytecode, interpreter, libraries, manifest, report, zipping
from .errors import BuildError, of_system
from .files import digest, digest_of, walk
from .packages import Pip, is_locked, lines_of, normalised, pinned
from .progress import Progress
from .prune import Pruned, prune, read_rules
from .tools import LOADERS, Tools

HERE = Path(__file__).parent
LAYER = HERE.parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="builder")
    parser.add_argument("--arch", required=True, choices=LOADERS)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--debian", type=Path, required=True, help="build.sh's packages")
    parser.add_argument("--out", type=Path, required=True, help="an empty folder")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--package-version", required=True, help="of the npm package")
    parser.add_argument("--requirements", type=Path, default=LAYER / "requirements.lock")
    parser.add_argument("--extra", action="append", default=[], help="a requirement more")
    parser.add_argument("--variant", choices=("default", "slim", "full"), default="default")
    return parser.parse_args()


class Build:
    """One build: what is asked for, and the tree that becomes the layer."""

    def __init__(self, options: argparse.Namespace, progress: Progress) -> None:
        self.options = options
        self.progress = progress
        self.tools = Tools.from_environment(options.arch, progress)
        self.root: Path = options.out / options.arch / "python"
        self.archived: Counter[str] = Counter()

    def run(self) -> None:
        lock = self._lock()
        self.progress.step("Interpreter")
        python = interpreter.build(self.tools, self.options.debian, self.options.cache)
        self.progress.step("Python packages")
        packages = Pip(self.tools, self.options.cache).install(lock, self.options.cache)
        self._assemble(python, packages)
        pruned = self._prune()
        self._native()
        self._compile()
        self._finish(lock, pruned)

    def _lock(self) -> str:
        """The text of the lock; what is not locked yet is resolved now."""
        text = self._requirements()
        wanted = list(self.options.extra)
        constraints = pinned(text)
        if not is_locked(text):
            wanted += self._unlocked(text)
            text, constraints = "", {}
        if not wanted:
            return text
        self.progress.step("Versions of the requirements")
        pip = Pip(self.tools, self.options.cache)
        more = pip.resolve(wanted, constraints)
        added = [line for line in more.splitlines() if line.partition("==")[0] not in constraints]
        return "\n".join([text, *added, ""])

    def _requirements(self) -> str:
        path: Path = self.options.requirements
        hint = "Name a text file with a requirement a line: --requirements FILE"
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BuildError(f"{path} can't be read: {error}", hint) from error
        if all(line.startswith("-") for line in lines_of(text)):
            raise BuildError(f"{path} names no package", hint)
        return text

    def _unlocked(self, text: str) -> list[str]:
        """The requirements that pip is to lock. A line that is none is not left out unsaid."""
        lines = lines_of(text)
        for line in lines:
            # Its name alone: the address of an index may have a password.
            if option := re.match(r"--[a-z-]+|-\w", line):
                raise BuildError(
                    f"{self.options.requirements} has {option[0]}, an option of pip",
                    "Put what it names into the file, a requirement a line; an index belongs into "
                    "pip's settings (PIP_EXTRA_INDEX_URL)",
                )
        return lines

    def _assemble(self, python: Path, packages: Path) -> None:
        self.progress.step("Assembling")
        self.root.parent.mkdir(parents=True)
        shutil.copytree(python, self.root)
        for path in sorted(packages.iterdir()):
            if path.name == "bin":  # programs for a shell
                continue
            target = self.root / path.name
            if target.exists():
                raise BuildError(
                    f"A package brings {path.name}, which the layer has, too", "Leave it out"
                )
            (shutil.copytree if path.is_dir() else shutil.copyfile)(path, target)

    def _prune(self) -> list[Pruned]:
        self.progress.step("Pruning")
        rules = read_rules(LAYER / "prune.toml")
        return prune(self.root, rules, self.options.variant, self.progress)

    def _native(self) -> None:
        self.progress.step("Native code")
        outside = [path for path in libraries.elf_files(self.root) if path.name != "libc.so.6"]
        for count, path in enumerate(outside, 1):
            if path.name not in LOADERS.values():  # a debugger's symbols there are few, and used
                self.tools.strip([path])
            self.progress.count(count, len(outside))
        libraries.keep_needed(self.tools, self.root)
        libraries.set_search_paths(self.tools, self.root)

    def _compile(self) -> None:
        self.progress.step("Compiling modules")
        full, slim = (self.options.variant == name for name in ("full", "slim"))
        archive.add_reader(self.root)
        codes = bytecode.compile_all(self.root, self.progress, docstrings=full)
        self.archived = archive.write(self.root, codes, sources=full, small=slim)

    def _finish(self, lock: str, pruned: list[Pruned]) -> None:
        self.progress.step("Packing")
        set_modes(self.root, self.options.arch)
        described = manifest.write(self.root, self._describe(lock))
        name = f"litellm-layer-{self.options.arch}"
        packed = self.options.out / f"{name}.zip"
        zipping.write_zip(self.root, packed, self.progress)
        if self.options.extra or self.options.requirements != LAYER / "requirements.lock":
            (self.options.out / f"{name}.lock").write_text(lock)
        self.progress.report(report.report(self.root, packed, pruned, described, self.archived))

    def _describe(self, lock: str) -> dict[str, Any]:
        versions = {
            normalised(item.metadata["Name"]): item.version
            for item in distributions(path=[str(self.root)])
        }
        debian = interpreter.debian_packages(self.options.debian)
        libc = next(package.version for package in debian if package.name == "libc6")
        return {
            "version": self.options.package_version,
            "arch": self.options.arch,
            "variant": self.options.variant,
            "code": "archive",
            "python": ".".join(map(str, sys.version_info[:3])),
            "litellm": versions.get("litellm"),
            "packages": dict(sorted(versions.items())),
            "extras": sorted(self.options.extra),
            "glibc": libc.partition("-")[0],
            "interpreter": {"way": "debian", "packages": [vars(package) for package in debian]},
            "inputs": {
                "requirements": digest([lock]),
                "prune": digest_of(LAYER / "prune.toml"),
                "order": digest_of(archive.ORDER),
                "builder": digest(path.read_text() for path in self._program()),
            },
        }

    def _program(self) -> list[Path]:
        files = [path for path in walk(HERE) if path.suffix in (".py", ".sh")]
        return [*files, *(path for path in walk(archive.PROGRAM) if path.suffix == ".py")]


def set_modes(root: Path, arch: str) -> None:
    """Only the interpreter and its loader are programs; everybody may read all."""
    programs = {root / "bin/python3", root / interpreter.LIBRARIES / LOADERS[arch]}
    for parent, _, names in os.walk(root):
        os.chmod(parent, 0o755)
        for name in names:
            path = Path(parent, name)
            path.chmod(0o755 if path in programs else 0o644)


def main() -> int:
    options = arguments()
    progress = Progress(options.log)
    try:
        Build(options, progress).run()
    except BuildError as error:
        progress.error(str(error), error.hint)
        return 1
    except OSError as error:
        mended = of_system(error)
        progress.error(str(mended), mended.hint)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
