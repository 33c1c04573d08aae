"""The programs that build.sh unpacked, run through their own loader."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import FULL, BuildError
from .progress import Progress

MACHINES = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "arm64": "ld-linux-aarch64.so.1"}
DEBIAN = {"x86_64": "amd64", "arm64": "arm64"}
WHEELS = {"x86_64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Tools:
    root: Path
    loader: str
    libraries: str
    arch: str
    progress: Progress

    @classmethod
    def from_environment(cls, arch: str, progress: Progress) -> Tools:
        env = os.environ
        root = Path(env["LAYER_TOOLS"])
        return cls(root, env["LAYER_LOADER"], env["LAYER_LIBRARIES"], arch, progress)

    def command(self, program: str, *args: str) -> list[str]:
        """`program`: a path below the tools' root."""
        start = [self.loader, "--library-path", self.libraries]
        return [*start, str(self.root / program), *args]

    def run(self, what: str, hint: str, program: str, *args: str) -> str:
        """Its standard output. What it says goes to the log.

        Raises BuildError with its last words.
        """
        command = self.command(program, *args)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.progress.write(f"$ {program} {' '.join(args)}\n{done.stdout}{done.stderr}")
        if done.returncode == 0:
            return done.stdout
        words = (done.stderr or done.stdout).strip().splitlines()[-12:]
        full = "No space left" in done.stderr
        text = "\n".join(words)
        raise BuildError(
            f"{what} failed (exit status {done.returncode}):\n{text}", FULL if full else hint
        )

    def python(self, *args: str, env: Mapping[str, str] | None = None) -> list[str]:
        """The command line of the builder's own interpreter."""
        return self.command("usr/bin/python3.11", *args)

    def _binutils(self, name: str, *args: str) -> str:
        program = f"usr/bin/{MACHINES[self.arch]}-{name}"
        return self.run(name, "See the log", program, *args)

    def strip(self, files: Sequence[Path]) -> None:
        """Without symbols that nobody links against; before patchelf, whose work it breaks."""
        for file in files:
            self._binutils(
                "strip", "--strip-unneeded", "--enable-deterministic-archives", str(file)
            )

    def needed(self, file: Path) -> list[str]:
        """The names of the shared libraries that it loads at its start."""
        return re.findall(r"\(NEEDED\).*\[(.*)\]", self._binutils("readelf", "-W", "-d", str(file)))

    def search_in(self, file: Path, rpath: str, *, interpreter: str | None = None) -> None:
        """Sets where it looks for its libraries: DT_RPATH, which LD_LIBRARY_PATH does not override."""
        loader = ["--set-interpreter", interpreter] if interpreter else []
        args = [*loader, "--force-rpath", "--set-rpath", rpath, str(file)]
        self.run("patchelf", "See the log", "usr/bin/patchelf", *args)


def is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
