"""Makes the start archive of an environment.

    python3 -I -S -X utf8 build.py --home ENVIRONMENT [--at FOLDER]
        what a start imports; run by the environment's own interpreter. --at: where the
        environment will be moved

    python3 -I -S -X utf8 build.py --package
        of this package's own modules, for interpreters that another archive serves; beside the
        package. Made before it is published

    python3 -I -S -X utf8 build.py --order
        makes none, and prints which modules a start imports (plan.Order), for layer/start.json

Prints the archive's path and size (bytes) as JSON, if one was made. The layer's is made by
layer/builder, of every module that it has.
"""

from __future__ import annotations

import _imp
import argparse
import json
import marshal
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader

HERE = os.path.dirname(os.path.abspath(__file__))
WORKER = os.path.dirname(os.path.dirname(HERE))
TRACE_S = 300.0  # for a machine that is very slow; it takes a few seconds

if __name__ == "__main__":
    sys.path.insert(0, WORKER)

from litellm_bridge.archive import file, plan  # noqa: E402
from litellm_bridge.archive.pack import Packer, write  # noqa: E402
from litellm_bridge.archive.plan import Roots, Source  # noqa: E402


def code_of(source: Source) -> bytes | None:
    """Marshalled. None: the file is no Python."""
    loader = SourceFileLoader(os.path.basename(source.path), source.path)
    try:
        code = loader.get_code(loader.name)
    except (SyntaxError, ValueError, RecursionError):
        return None  # some packages ship templates
    _imp._fix_co_filename(code, source.at)  # type: ignore[attr-defined]
    return marshal.dumps(code)


def trace() -> plan.Trace:
    """What a start with this interpreter imports, seen in a process of its own."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", os.path.join(HERE, "trace.py")]
    run = subprocess.run(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True, timeout=TRACE_S
    )
    told: plan.Trace = json.loads(run.stdout)
    return told


def fits(path: str) -> bool:
    """Whether the archive of this interpreter would be used, its worker's modules included."""
    try:
        archive = file.open_archive(path, WORKER)
    except file.Unusable:
        return False
    if archive is None:
        return False
    worker = os.path.join(WORKER, "litellm_bridge")
    return all(
        file.is_unchanged(os.path.join(folder, name + ".py"), entry[5], 0)
        for folder in archive.folders
        if folder.startswith(worker)
        for name, entry in archive.table(folder).items()
        if isinstance(entry, tuple) and not entry[0]
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Makes the start archive of litellm-bridge.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--home", help="the environment")
    what.add_argument("--package", action="store_true", help="of the package's own modules")
    what.add_argument("--order", action="store_true", help="print what a start imports")
    parser.add_argument("--at", help="where the environment will be; else where it is")
    parser.add_argument("--if-needed", action="store_true", help="unless there is one that fits")
    return parser.parse_args()


def _make(home: str, at: str | None) -> bytes:
    later = {"home": os.path.abspath(at)} if at else {}
    places = Roots(file.roots(home, WORKER), later)
    packer = Packer(plan.environment_plan(trace(), places), places, code_of)
    return packer.assemble(file.interpreter())


def compiled(source: Source) -> bytes:
    """Now, whatever .pyc there is."""
    with open(source.path, "rb") as text:
        return marshal.dumps(compile(text.read(), source.at, "exec", dont_inherit=True, optimize=0))


def _make_package() -> bytes:
    places = Roots({"worker": WORKER}, {"worker": "/litellm-bridge"})
    packer = Packer(plan.package_plan(WORKER, places), places, compiled)
    return packer.assemble(file.portable_interpreter())


def main() -> None:
    given = _arguments()
    sys.dont_write_bytecode = True
    if given.order:
        print(json.dumps(plan.order_of(trace())))
        return
    home = WORKER if given.package else os.path.abspath(given.home)
    path = os.path.join(home, file.NAME)
    if given.if_needed and fits(path):
        return
    data = _make_package() if given.package else _make(home, given.at)
    write(path, data)
    if given.package:
        os.utime(path, (0, 0))  # older than its sources, until npm gives all of them one date
    print(json.dumps({"path": path, "bytes": len(data)}))


if __name__ == "__main__":
    main()
