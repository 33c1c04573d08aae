"""Small environments with a start archive, and programs that run in them as the worker does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from peer import PACKAGE

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
BASE = Path(sys.base_prefix) / "bin" / VERSION
BUILD = PACKAGE / "archive" / "build.py"
STUB = "import lb_package.part, lb_single, lb_space.inner, lb_raises, lb_damaged\nsuppress_debug_info = False\n"

# Runs in the environment: the archive, the paths, then the program, which prints JSON.
HARNESS = """
import os, sys
worker = {worker!r}
sys.path.insert(0, worker)
from litellm_bridge.archive import importing
from litellm_bridge import roomy
sys.path.remove(worker)
installed = importing.install(importing.path_of(sys.executable), worker)
from litellm_bridge import sites
sites.extend(sys.path, os.environ, sys.executable)
def told(value):
    import json
    print(json.dumps(value))
def archived(module):
    return type(module.__spec__.loader).__name__ == "ArchivedLoader"
"""

# Makes a layer's archive of the environment's packages, as layer/builder does of a whole tree.
LAYER = """
import marshal, sys, zlib
sys.path.insert(0, {worker!r})
from litellm_bridge.archive import file, pack, plan
home, site = {home!r}, {site!r}
places = plan.Roots({{"home": home}}, {{"home": {at!r}}})
order = {{"start": ["lb_single", "lb_damaged"], "later": {{"openai": ["lb_raises", "lb_gone"]}}}}
what = plan.layer_plan(site, [site], order, lambda name: name == "lb_left", places)
codes = {{}}
for source in what.sources.values():
    try:
        code = compile(open(source.path).read(), source.at, "exec", dont_inherit=True)
    except SyntaxError:
        continue
    codes[source.path] = marshal.dumps(code)
    if {remove}:
        os.unlink(source.path)
for folder, folders, files in os.walk(site, topdown=False):
    if {remove} and not os.listdir(folder):
        os.rmdir(folder)
what.seal([site], places)

def deflate(data):
    packer = zlib.compressobj(9, wbits=file.RAW_DEFLATE)
    return packer.compress(data) + packer.flush()

packer = pack.Packer(what, places, lambda source: codes.get(source.path), lambda all: map(deflate, all))
pack.write(home + "/" + file.NAME, packer.assemble(file.portable_interpreter()))
"""

FILES = {
    "litellm/__init__.py": STUB,
    "litellm-1.78.7.dist-info/METADATA": "Metadata-Version: 2.1\nName: litellm\nVersion: 1.78.7\n",
    "lb_package/__init__.py": "VALUE = 1\n",
    "lb_package/part.py": "from . import VALUE\nNAMES = {'a', 'b', 'c'}\n",
    "lb_package/other.py": "WHO = 'not imported at start'\n",
    "lb_package/__main__.py": "print('as a program')\n",
    "lb_package/data.txt": "some text",
    "lb_damaged.py": "TEXT = 'this module is damaged'\n",
    "lb_single.py": "VALUE = 'single'\n",
    "lb_space/inner.py": "VALUE = 'inner'\n",
    "lb_raises.py": "def fail():\n    value = 1\n    raise ValueError(value)  # this line\n",
}


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


class Environment:
    """A virtual environment without pip. packages: those of another, lent by a link."""

    def __init__(self, home: Path) -> None:
        """What is there."""
        self.home = home
        self.python = home / "bin" / "python3"
        self.site = home / "lib" / VERSION / "site-packages"
        self.archive = home / "litellm-bridge.archive"

    @classmethod
    def make(cls, home: Path, packages: Path | None = None) -> Environment:
        self = cls(home)
        self.python.parent.mkdir(parents=True)
        self.python.symlink_to(BASE)
        (home / "pyvenv.cfg").write_text(
            f"home = {BASE.parent}\ninclude-system-site-packages = false\n"
        )
        if packages is not None:
            self.site.parent.mkdir(parents=True)
            self.site.symlink_to(packages)
        else:
            put(self.site, FILES)
        return self

    def build(self, *arguments: str) -> None:
        command = [str(BUILD), "--home", str(self.home), *arguments]
        subprocess.run([self.python, *"-I -S -X utf8".split(), *command], check=True)

    def build_layer(self, at: Path | None = None, *, remove: bool = True) -> None:
        """As a layer: the packages' code is nowhere else. at: where it will be."""
        places = {"worker": str(PACKAGE.parent), "home": str(self.home), "site": str(self.site)}
        program = "import os\n" + LAYER.format(**places, at=str(at or self.home), remove=remove)
        subprocess.run([self.python, *"-I -S -X utf8 -c".split(), program], check=True)

    def run(
        self, program: str, *, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess:
        """Its result; `told` in the program prints JSON."""
        code = HARNESS.format(worker=str(PACKAGE.parent)) + program
        return subprocess.run(
            [self.python, "-I", "-S", "-X", "utf8", "-c", code],
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
        )

    def tell(self, program: str, **options):
        """What the program told."""
        done = self.run(program, **options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
