"""A layer's archive: its modules are nowhere else, and other layers put theirs beside them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from environments import BUILD, Environment, put
from litellm_bridge.archive import file, importing
from peer import PACKAGE

ORDER = PACKAGE.parents[2] / "layer" / "start.json"
NOBODY = 65534


@pytest.fixture(scope="module")
def layer(tmp_path_factory):
    """Not to be changed."""
    environment = Environment.make(tmp_path_factory.mktemp("layer") / "env")
    environment.build_layer()
    return environment


@pytest.fixture
def own(tmp_path):
    """For one test."""
    environment = Environment.make(tmp_path / "env")
    environment.build_layer()
    return environment


def test_no_module_has_a_file(layer):
    assert list(layer.site.rglob("*.py")) == []
    program = """
import lb_single, lb_package.other as other, lb_package.part, lb_space.inner
told([archived(m) for m in (lb_single, other, lb_package.part, lb_space.inner)] + [other.WHO])
"""
    assert layer.tell(program) == [*[True] * 4, "not imported at start"]


def test_what_a_start_needs_is_in_front_and_plain_and_the_rest_compressed(layer):
    archive = file.open_archive(str(layer.archive), str(PACKAGE.parent))
    table = archive.table(str(layer.site))
    table |= {f"package.{name}": e for name, e in archive.table(f"{layer.site}/lb_package").items()}
    places = {name: entry[1] for name, entry in table.items() if isinstance(entry, tuple)}
    plain = [name for name in sorted(places, key=places.get) if not table[name][4]]
    assert plain == ["lb_single", "lb_damaged", "lb_raises"]
    assert table["package.other"][4] > table["package.other"][2] > 0  # its size, and what it takes
    assert archive.later == {"openai": ["lb_raises"]}  # what is not there is not asked for
    archive.close()


def test_tracebacks_listings_and_resources(layer):
    program = """
import importlib.resources, inspect, lb_package, lb_raises, pkgutil, traceback
try:
    lb_raises.fail()
except ValueError:
    text = traceback.format_exc()
try:
    inspect.getsource(lb_package)
except OSError as exc:
    source = str(exc)
told({
    "text": text,
    "source": source,
    "resource": importlib.resources.files("lb_package").joinpath("data.txt").read_text(),
    "data": pkgutil.get_data("lb_package", "data.txt").decode(),
})
"""
    told = layer.tell(program)
    assert f'File "{layer.site}/lb_raises.py", line 3, in fail\n' in told["text"]
    assert told["source"] == "could not get source code"
    assert told["resource"] == told["data"] == "some text"


def test_their_names_are_listed(layer):
    """By a pkgutil that was imported before; of one that the archive has: test_archive.py."""
    program = """
import pkgutil
importing.install(importing.path_of(sys.executable), "")
import lb_package
told([
    [(m.name, m.ispkg) for m in pkgutil.iter_modules(lb_package.__path__, "lb_package.")],
    [(m.name, m.ispkg) for m in pkgutil.iter_modules([%r])],
])
"""
    inner, outer = layer.tell(program % str(layer.site))
    names = ["lb_package.__main__", "lb_package.other", "lb_package.part"]
    assert inner == [[name, False] for name in names]
    packages = {"lb_package", "litellm"}
    names = ["lb_damaged", "lb_package", "lb_raises", "lb_single", "litellm"]
    assert outer == [[name, name in packages] for name in names]


def test_it_may_be_moved_and_dated_anew(tmp_path):
    environment = Environment.make(tmp_path / "tree")
    environment.build_layer(tmp_path / "opt")
    os.rename(tmp_path / "tree", tmp_path / "opt")
    moved = Environment(tmp_path / "opt")
    os.utime(moved.site, (0, 0))
    program = "import lb_package.other as o; told([archived(o), o.__file__, installed.reason])"
    assert moved.tell(program) == [True, f"{moved.site}/lb_package/other.py", ""]


def test_any_optimisation_of_any_build_of_its_python(layer, monkeypatch):
    monkeypatch.setattr(file.sys, "version", f"{sys.version.split()[0]} (another build)")
    file.open_archive(str(layer.archive), "").close()
    monkeypatch.setattr(file, "MAGIC_NUMBER", b"\x01\x02\r\n")  # of its .pyc files
    with pytest.raises(file.Unusable, match="of another Python"):
        file.open_archive(str(layer.archive), "")
    program = "import lb_single; print(lb_single.VALUE)"
    code = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})\n" + (
        "from litellm_bridge.archive import importing\n"
        f"importing.begin(''); sys.path.insert(0, {str(layer.site)!r}); {program}"
    )
    said = subprocess.check_output([layer.python, "-I", "-S", "-O", "-c", code], text=True)
    assert said == "single\n"


# -- what other layers bring


def test_packages_beside_it_are_found(own):
    put(own.site, {"lb_new.py": "VALUE = 'new'\n", "lb_package/added.py": "VALUE = 'added'\n"})
    put(own.site, {"lb_new-1.0.dist-info/METADATA": "Name: lb-new\nVersion: 1.0\n"})
    program = """
import lb_new, lb_package.added, lb_single
told([lb_new.VALUE, lb_package.added.VALUE, archived(lb_single), installed.warnings()])
"""
    assert own.tell(program) == ["new", "added", True, []]


def test_a_package_that_is_there_twice_is_ours_and_that_is_said_once(own):
    put(own.site, {"lb_single.py": "VALUE = 'theirs'\n", "lb_space.txt": ""})
    put(own.site, {"LiteLLM-1.99.dist-info/METADATA": "Name: litellm\nVersion: 1.99\n"})
    program = (
        "import lb_single; told([lb_single.VALUE, installed.warnings(), installed.warnings()])"
    )
    value, said, again = own.tell(program)
    assert (value, again) == ("single", [])
    both = [("LiteLLM-1.99.dist-info", "litellm-1.78.7.dist-info"), ("lb_single.py", "lb_single")]
    assert said == [
        f"{own.site}/{theirs} is another layer's; {ours} of the layer with litellm is used"
        for theirs, ours in both
    ]


def test_a_folder_of_another_layer_with_the_name_of_ours(tmp_path):
    """Ours has no data files, so it has no folder of its own."""
    environment = Environment.make(tmp_path / "env")
    os.unlink(environment.site / "lb_package" / "data.txt")
    environment.build_layer()
    put(environment.site, {"lb_package/__init__.py": "VALUE = 'theirs'\n"})
    put(environment.site, {"lb_new/__init__.py": "VALUE = 'new'\n"})
    put(environment.site, {"lb_space/more.py": "VALUE = 'more'\n"})
    program = """
import lb_package, lb_new, lb_space.more, lb_space.inner
told([lb_package.VALUE, lb_new.VALUE, lb_space.more.VALUE, installed.warnings()])
"""
    *values, said = environment.tell(program)
    assert values == [1, "new", "more"]
    theirs = f"{environment.site}/lb_package"
    assert said == [f"{theirs} is another layer's; lb_package of the layer with litellm is used"]


# -- damage: there is no file to be read instead


def test_a_damaged_module_is_an_import_error_that_says_so(own):
    data = bytearray(own.archive.read_bytes())
    data[data.index(b"this module is damaged")] ^= 1
    own.archive.write_bytes(data)
    program = """
import lb_single
try:
    import lb_damaged
except ImportError as exc:
    told([exc.name, str(exc), installed.warnings()])
"""
    name, text, said = own.tell(program)
    assert (name, said) == ("lb_damaged", [])  # nothing was read instead
    assert text == f"{own.site}/lb_damaged.py is damaged in the start archive, and is nowhere else"


NOWHERE = """
for folder in [*sys.path]:
    sys.path_importer_cache[folder] = None
    sys.path.remove(folder)
importing.begin({worker!r})
"""


def test_where_nothing_can_be_imported_it_ends_with_a_sentence(own):
    data = own.archive.read_bytes()
    own.archive.write_bytes(data[:-1])
    program = NOWHERE.format(worker=str(PACKAGE.parent))
    done = own.run(program)
    assert done.returncode == 78
    start = f"litellm-bridge: {own.archive} can't be used: it is damaged."
    assert done.stderr.startswith(start) and "publish the layer anew" in done.stderr
    own.archive.unlink()
    assert "can't be used: it is not there." in own.run(program).stderr


def test_an_archive_of_another_version_that_the_layer_reads_itself(own):
    data = bytearray(own.archive.read_bytes())
    data[5] += 1
    own.archive.write_bytes(data)
    program = """
import types
begun = importing.begin(%r)
sys.modules["start_archive.importing"] = types.SimpleNamespace(in_force=object)  # a layer's
rescued = importing.begin(%r)
told([begun.warnings(), rescued.warnings()])
"""
    begun, rescued = own.tell(program % (str(PACKAGE.parent), str(PACKAGE.parent)))
    assert begun == [f"{own.archive} is not used: it is of another version of litellm-bridge"]
    assert rescued == []


# -- which files are modules


def test_files_that_python_would_not_take(tmp_path):
    environment = Environment.make(tmp_path / "env")
    tag = sys.implementation.cache_tag
    files = {
        "lb_dotted.more.py": "VALUE = 'of another name'\n",
        "lb_dotted.py": "VALUE = 'dotted'\n",
        "lb_native.cpython-310-x86_64-linux-gnu.so": "",
        f"lb_native.{tag}-x86_64-linux-gnu.so": "",
        "lb_native.py": "",
        f"lb_compiled/__init__.{tag}-x86_64-linux-gnu.so": "",
        "lb_compiled/part.py": "",
        "lb_old/__init__.pyc": "",
        "lb_old/part.py": "",
        "lb_only.pyc": "",
    }
    put(environment.site, files)
    environment.build_layer(remove=False)
    archive = file.open_archive(str(environment.archive), "")
    table = archive.table(str(environment.site))
    names = ("lb_native", "lb_compiled", "lb_old", "lb_only")
    found = {name: table[name] for name in names}
    assert found == {
        "lb_native": f"lb_native.{tag}-x86_64-linux-gnu.so",
        **dict.fromkeys(("lb_compiled", "lb_old", "lb_only")),  # the file system knows
    }
    archive.close()
    assert environment.tell("import lb_dotted; told([lb_dotted.VALUE])") == ["dotted"]


def test_the_source_that_a_loader_has(own):
    program = """
import lb_single
told(lb_single.__loader__.get_source("lb_single"))
"""
    assert own.tell(program) is None
    put(own.site, {"lb_single.py": "VALUE = 'single'\n"})
    assert own.tell(program) == "VALUE = 'single'\n"


# -- who may have written it: whoever may have written the interpreter that is run


@pytest.fixture
def inside(own, monkeypatch):
    """The interpreter is a file of the layer."""
    own.python.unlink()
    shutil.copyfile("/bin/true", own.python)
    os.chmod(own.python, 0o755)
    monkeypatch.setattr(file.sys, "executable", str(own.python))
    return own


def usable(environment: Environment) -> bool:
    try:
        file.open_archive(str(environment.archive), "").close()
    except file.Unusable:
        return False
    return True


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_of_the_user_whose_interpreter_it_is(inside):
    os.chown(inside.archive, NOBODY, NOBODY)
    assert not usable(inside)
    os.chown(inside.python, NOBODY, NOBODY)
    os.chown(inside.home, NOBODY, NOBODY)
    assert usable(inside)


def test_as_open_to_others_as_the_interpreter(inside):
    os.chmod(inside.archive, 0o666)
    assert not usable(inside)
    os.chmod(inside.python, 0o777)
    assert usable(inside)
    os.chmod(inside.archive, 0o644)
    os.chmod(inside.home, 0o777)  # where the interpreter could be replaced as well
    assert usable(inside)


def test_an_interpreter_elsewhere_proves_nothing(inside):
    os.chmod(inside.archive, 0o666)
    os.chmod(inside.python, 0o777)
    elsewhere = inside.home.parent / "python3"
    os.rename(inside.python, elsewhere)
    inside.python.symlink_to(elsewhere)
    assert not usable(inside)


def test_a_link_to_the_interpreter_leads_to_its_archive(layer, tmp_path, monkeypatch):
    link = tmp_path / "bin" / "python3"
    link.parent.mkdir()
    link.symlink_to(layer.python)
    assert importing.path_of(str(link)) == str(tmp_path / file.NAME)  # where it would be
    monkeypatch.setattr(importing.sys, "prefix", str(layer.home))
    assert importing.path_of(str(link)) == str(layer.archive)
    assert importing.path_of(str(layer.python)) == str(layer.archive)


# -- the order of the real one


def test_the_layers_order_is_what_is_imported_now(real):
    """Else: node scripts/layer-order.js."""
    told = json.loads(
        subprocess.check_output([real.python, *"-I -S -X utf8".split(), BUILD, "--order"])
    )
    kept = json.loads(Path(ORDER).read_text())
    assert not set(told["start"]) - set(kept["start"])
    for provider, names in told["later"].items():
        assert not set(names) - set(kept["later"][provider])
