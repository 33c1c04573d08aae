"""Where Python packages are, for an interpreter that was started with -I -S.

Done here and not by `site`, since that runs the `import` lines of .pth files: code of any
package, at every start. Their path lines are honoured; their code is never run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping


def extend(path: list[str], environ: Mapping[str, str], executable: str) -> None:
    """Adds to `path` (sys.path): PYTHONPATH in front, which -I ignores; site folders behind."""
    path[:0] = [folder for folder in _python_path(environ) if folder not in path]
    for folder in site_folders(executable, sys.prefix):
        _add(path, folder)
        for line in _pth_paths(folder):
            _add(path, line)


def _add(path: list[str], folder: str) -> None:
    if folder not in path and os.path.exists(folder):
        path.append(folder)


def _python_path(environ: Mapping[str, str]) -> list[str]:
    entries = environ.get("PYTHONPATH", "").split(os.pathsep)
    # An empty entry would mean the current folder: of a server that is anybody's.
    return list(dict.fromkeys(os.path.abspath(entry) for entry in entries if entry))


def site_folders(executable: str, prefix: str) -> list[str]:
    """Folders that exist, in the order in which `site` would have them."""
    folders: list[str] = []
    venv = find_venv(executable)
    if venv is not None:
        root, system_too = venv
        folders += _prefix_folders(root)
        prefixes = [prefix] if system_too and prefix != root else []
    else:
        prefixes = [prefix]
    for base in prefixes:
        folders += [*_layer_root(base), *_prefix_folders(base), *_debian_folders(base)]
    return [folder for folder in dict.fromkeys(folders) if os.path.isdir(folder)]


def _version() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _prefix_folders(prefix: str) -> list[str]:
    names = dict.fromkeys((sys.platlibdir, "lib"))
    return [os.path.join(prefix, name, _version(), "site-packages") for name in names]


def _debian_folders(prefix: str) -> list[str]:
    parts = (("local", "lib", _version()), ("lib", "python3"), ("lib", _version()))
    return [os.path.join(prefix, *part, "dist-packages") for part in parts]


def _layer_root(prefix: str) -> list[str]:
    """A Lambda layer has its packages beside bin and lib, at /opt/python itself.

    First: what other layers bring to their site-packages must not take their place.
    """
    return [prefix] if os.path.isdir(os.path.join(prefix, "litellm")) else []


def find_venv(executable: str) -> tuple[str, bool] | None:
    """The virtual environment's root, and whether the system's packages belong to it."""
    folder = os.path.dirname(os.path.abspath(executable))
    for config in (folder, os.path.dirname(folder)):
        settings = _read_config(os.path.join(config, "pyvenv.cfg"))
        if settings is not None:
            system_too = settings.get("include-system-site-packages", "true") == "true"
            return os.path.dirname(folder), system_too
    return None


def _read_config(file: str) -> dict[str, str] | None:
    lines = _lines(file)
    if lines is None:
        return None
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key.strip().lower(): value.strip().lower() for key, _, value in pairs}


def _pth_paths(folder: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if name.endswith(".pth") and not name.startswith("."):
            yield from _paths_of(_lines(os.path.join(folder, name)) or (), folder)


def _paths_of(lines: Iterable[str], folder: str) -> Iterator[str]:
    for line in lines:
        text = line.strip()
        if text and not text.startswith(("#", "import ", "import\t")):
            yield os.path.abspath(os.path.join(folder, text))


def _lines(file: str) -> list[str] | None:
    try:
        with open(file, encoding="utf-8-sig", errors="surrogateescape") as handle:
            return handle.read().splitlines()
    except OSError:
        return None
