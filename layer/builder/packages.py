"""The wheels: each with the hash that the lock names, for the layer's Python and architecture."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .errors import FULL, BuildError
from .files import cached, digest, digest_of
from .tools import WHEELS, Tools

PIP = "usr/share/python-wheels"
_NAME = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE
)


def pinned(lock: str) -> dict[str, str]:
    """The versions in the text of a lock, by normalised name."""
    return {normalised(found["name"]): found["version"] for found in _NAME.finditer(lock)}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lines_of(text: str) -> list[str]:
    """Requirements and options of pip, a line each, without comments."""
    joined = re.sub(r"\\\n", " ", text).splitlines()
    bare = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined)
    return [line for line in bare if line]


def is_locked(text: str) -> bool:
    """Whether each requirement has a hash."""
    return all("--hash=" in line for line in lines_of(text) if not line.startswith("-"))


class Pip:
    """pip for the layer's platform; what it downloads is kept in the cache."""

    def __init__(self, tools: Tools, cache: Path) -> None:
        self._tools = tools
        self._wheels = cache / "wheels"
        self._wheels.mkdir(exist_ok=True)
        self._pip = next((tools.root / PIP).glob("pip-*.whl"))

    def _platform(self) -> list[str]:
        machine = WHEELS[self._tools.arch]
        # Both: of either alone some package has no wheel.
        tags = [f"manylinux_2_28_{machine}", f"manylinux2014_{machine}"]
        platforms = [part for tag in tags for part in ("--platform", tag)]
        return [
            "--only-binary",
            ":all:",
            "--implementation",
            "cp",
            "--python-version",
            "3.11",
            *platforms,
        ]

    def _run(self, *args: str, on_line: Callable[[str], None] = lambda line: None) -> None:
        command = self._tools.python("-s", "-S", f"{self._pip}/pip", *args, "--no-input")
        command += ["--disable-pip-version-check", "--no-color"]
        said: list[str] = []
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
            for line in process.stdout:
                self._tools.progress.write(line)
                said.append(line)
                on_line(line)
        if process.returncode != 0:
            raise failure("".join(said), self._tools.arch)

    def resolve(self, wanted: Sequence[str], constraints: dict[str, str]) -> str:
        """The text of a lock for `wanted` and what it needs, with the versions of `constraints`."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lines = [f"{name}=={version}" for name, version in constraints.items()]
            (folder / "constraints.txt").write_text("\n".join(lines))
            args = [
                "--dry-run",
                "--ignore-installed",
                "--target",
                str(folder / "t"),
                *self._platform(),
            ]
            args += [
                "--constraint",
                str(folder / "constraints.txt"),
                "--report",
                str(folder / "report"),
            ]
            self._run("install", *args, *wanted)
            report = json.loads((folder / "report").read_text())
        locked = map(_locked_line, report["install"])
        return "".join(sorted(line for line in locked if line.partition("==")[0] not in _UNUSED))

    def install(self, lock: str, cache: Path) -> Path:
        """The folder with the packages of a lock, as they came, without .pyc files."""
        key = digest([self._tools.arch, self._pip.name, lock])[:16]
        target = cache / f"packages-{self._tools.arch}-{key}"
        return cached(target, lambda draft: self._install(lock, draft))

    def _install(self, lock: str, draft: Path) -> None:
        total = len(pinned(lock))
        progress = self._tools.progress
        count = 0

        def collecting(line: str) -> None:
            nonlocal count
            count += line.startswith("Collecting ")
            progress.count(min(count, total), total)

        with tempfile.NamedTemporaryFile("w", suffix=".lock") as file:
            file.write(lock)
            file.flush()
            hashes = ["--no-deps", "--require-hashes", "-r", file.name]
            found = ["--find-links", str(self._wheels)]
            have = len(list(self._wheels.glob("*.whl")))
            if not self._is_complete(hashes, found):
                progress.write(f"{have} wheels are in the cache; fetching the others")
                args = ["--dest", str(self._wheels), *found, *hashes, *self._platform()]
                self._run("download", *args, on_line=collecting)
            local = ["--no-index", *found, "--no-compile", "--target", str(draft)]
            self._run("install", *local, *hashes, *self._platform())

    def _is_complete(self, hashes: list[str], found: list[str]) -> bool:
        """Whether the cache has every wheel: then the network is not asked."""
        with tempfile.TemporaryDirectory() as empty:
            args = ["--dry-run", "--ignore-installed", "--target", empty, "--no-index", *found]
            try:
                self._run("install", *args, *hashes, *self._platform())
            except BuildError:
                return False
            return True


# As scripts/lock.sh: huggingface_hub wants it, and LiteLLM downloads no models.
_UNUSED = {"hf-xet"}


def _locked_line(item: dict[str, Any]) -> str:
    """`item`: a package in pip's report."""
    name, version = item["metadata"]["name"], item["metadata"]["version"]
    return f"{normalised(name)}=={version} --hash=sha256:{_sha256(name, item['download_info'])}\n"


def _sha256(name: str, download: dict[str, Any]) -> str:
    hashes: dict[str, str] = download["archive_info"].get("hashes", {})
    if "sha256" in hashes:
        return hashes["sha256"]
    url = urlsplit(download["url"])
    if url.scheme == "file":  # of a folder (PIP_FIND_LINKS), which names none
        return digest_of(Path(url2pathname(url.path)))
    raise BuildError(
        f"The package index has no sha256 of {name}",
        "Take an index that has, or put its wheel into a folder, and name that in PIP_FIND_LINKS",
    )


def failure(words: str, arch: str) -> BuildError:
    """What pip's words mean, and what to do."""
    tail = "\n".join(words.strip().splitlines()[-15:])
    for sign, message, hint in _FAILURES:
        found = re.search(sign, words)
        if found:
            what = found.groupdict().get("what", "")
            return BuildError(
                f"{message.format(what=what, arch=arch)}\n{tail}", hint.format(what=what)
            )
    return BuildError(f"pip failed:\n{tail}", "The reason is in the words of pip above")


_FAILURES = (
    ("No space left on device", "The disk is full.", FULL),
    (
        "DO NOT MATCH THE HASHES",
        "A package does not have the hash that the lock names.",
        "Try again; if it stays so, the package index or a proxy in between changes files: tell "
        "whoever runs it. After a change of versions make the lock anew: scripts/lock.sh",
    ),
    (
        "(?s)(NewConnectionError|Name or service not known|name resolution|ConnectTimeout|"
        "Network is unreachable|ProxyError|Connection refused)",
        "The package index can't be reached.",
        "Look at the network and at pip's configuration; with a cache that was filled once, no "
        "network is needed",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "{what} has no wheel for Python 3.11 on {arch} with glibc 2.28.",
        "Name a version of {what} that has one, or leave it out: nothing is compiled for the layer",
    ),
    (
        "(?i)in --require-hashes mode",
        "A requirement has no hash.",
        "Give every line of the file its --hash, or none: then the versions are locked at the build",
    ),
    (
        "(?i)invalid requirement",
        "The requirements can't be read.",
        "A line is NAME, NAME==VERSION or the like; see the words of pip above",
    ),
)
