"""The start archive of a layer (docs/start.md): the code of its modules, where others have .pyc files.

The package's worker reads it by itself. For every other program of the layer's Python there is a
copy of what reads it, which the first module that Python imports puts in force.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import litellm_bridge.archive
from litellm_bridge.archive import file, plan
from litellm_bridge.archive.importing import LAYERS_READER as READER
from litellm_bridge.archive.pack import Packer

from .bytecode import PLACE, write_pyc
from .deflate import Deflater
from .files import remove_empty
from .interpreter import STDLIB

ORDER = Path(__file__).parents[1] / "start.json"
PROGRAM = Path(litellm_bridge.archive.__file__).parent

# The Python knows its standard library by itself, but of the packages beside it only by this:
# `site` is frozen into the interpreter. What other layers have in site-packages comes behind them.
SITECUSTOMIZE = f"""\
import sys

if sys.prefix not in sys.path:
    library = f"{{sys.prefix}}/{STDLIB}/lib-dynload"
    sys.path.insert(sys.path.index(library) + 1 if library in sys.path else len(sys.path), sys.prefix)
"""

# The first module that Python imports from a file, whatever its options: also with -S, which
# children of a process that has it get, too, and before a sitecustomize that is not ours.
FIRST = "encodings/__init__.py"
HOOK = f"""

# From here on not Python's own: the other modules of this layer are in an archive.
def _use_archive():
    import os
    import sys

    path = f"{{sys.prefix}}/{file.NAME}"
    try:
        from {READER} import importing

        lack = importing.install(path, "").lack
    except Exception as exc:
        lack = repr(exc)
    if lack:
        os.write(2, f"{{path}} can't be used: {{lack}}\\n".encode())


_use_archive()
del _use_archive
"""

# What Python imports before the archive is in force, and what tells it where it is (os).
_BEFORE = {
    *("encodings", "sitecustomize", READER),
    *("os", "codecs", "io", "abc", "site", "stat", "posixpath", "genericpath"),
    *("_collections_abc", "_sitebuiltins", "__future__"),
}


def add_reader(root: Path) -> None:
    """To the standard library, which is found with any options of Python."""
    target = root / STDLIB / READER
    target.mkdir()
    for name in ("__init__.py", "beside.py", "file.py", "importing.py"):
        shutil.copyfile(PROGRAM / name, target / name)
    (root / STDLIB / "sitecustomize.py").write_text(SITECUSTOMIZE, encoding="utf-8")
    with (root / STDLIB / FIRST).open("a", encoding="utf-8") as first:
        first.write(HOOK)


def write(root: Path, codes: dict[Path, bytes], *, sources: bool, small: bool) -> Counter[str]:
    """Puts codes into the archive, or into .pyc files where Python needs those.

    sources: they stay. small: what a start needs is compressed, too.
    Returns the bytes in the archive, by the first part of the modules' paths.
    """
    places = plan.Roots({"home": str(root)}, {"home": PLACE})
    path = [str(root), str(root / STDLIB), str(root / STDLIB / "lib-dynload")]
    what = plan.layer_plan(str(root), path, json.loads(ORDER.read_text()), _is_before, places)
    if small:
        what.plain = 0
    archived = {Path(source.path) for source in what.sources.values()}
    for module, code in codes.items():
        if module not in archived:
            write_pyc(module, code, beside=sources)
        elif not sources:
            module.unlink()
    remove_empty(root)
    what.seal(path, places)
    packer = Packer(what, places, lambda source: codes.get(Path(source.path)), _deflate)
    (root / file.NAME).write_bytes(packer.assemble(file.portable_interpreter()))
    return packer.sizes


def _is_before(name: str) -> bool:
    return name.partition(".")[0] in _BEFORE


def _deflate(codes: Iterable[bytes]) -> Iterator[bytes | None]:
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from threads.map(Deflater().deflate, codes)
