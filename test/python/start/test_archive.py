"""Imports from the start archive are as imports from files."""

from __future__ import annotations

import json
import os
import subprocess

from environments import put

WHERE = """
import lb_package.part, lb_single, lb_space.inner
told([archived(m) for m in (lb_package, lb_package.part, lb_single, lb_space.inner)])
"""


def test_modules_come_from_the_archive(made):
    assert made.tell(WHERE) == [True] * 4


def test_no_file_is_looked_at(made):
    program = """
import sys
events = []
on = False
def hook(name, args):
    if on and name in ("open", "os.listdir", "os.scandir"):
        events.append([name, str(args[0])])
sys.addaudithook(hook)
on = True
import lb_package.part, lb_single, lb_space.inner
on = False
told(events)
"""
    assert made.tell(program) == []


def test_a_module_that_is_not_in_it_comes_from_its_file(made):
    program = "import lb_package.other as o; told([archived(o), o.WHO])"
    assert made.tell(program) == [False, "not imported at start"]


def test_a_name_that_is_no_identifier(made):
    program = "import sysconfig; told(isinstance(sysconfig.get_config_var('prefix'), str))"
    assert made.tell(program) is True


def test_what_is_nowhere_is_not_found(made):
    program = """
try:
    import lb_nowhere
except ModuleNotFoundError as exc:
    told(exc.name)
"""
    assert made.tell(program) == "lb_nowhere"


def test_a_traceback_has_files_and_lines(made):
    program = """
import lb_raises, traceback
try:
    lb_raises.fail()
except ValueError:
    told(traceback.format_exc())
"""
    text = made.tell(program)
    assert f'File "{made.site}/lb_raises.py", line 3, in fail' in text
    assert "raise ValueError(value)  # this line" in text


def test_resources_and_names(made):
    program = """
import importlib.metadata, importlib.resources, inspect, lb_package, pkgutil
told({
    "resource": importlib.resources.files("lb_package").joinpath("data.txt").read_text(),
    "data": pkgutil.get_data("lb_package", "data.txt").decode(),
    "file": lb_package.__file__,
    "path": list(lb_package.__path__),
    "cached": lb_package.__cached__.endswith("__init__." + sys.implementation.cache_tag + ".pyc"),
    "source": inspect.getsource(lb_package),
    "version": importlib.metadata.version("litellm"),
    "names": sorted(m.name for m in pkgutil.iter_modules(lb_package.__path__)),
    "origin": importlib.util.find_spec("lb_single").origin,
})
"""
    assert made.tell(program) == {
        "resource": "some text",
        "data": "some text",
        "file": f"{made.site}/lb_package/__init__.py",
        "path": [f"{made.site}/lb_package"],
        "cached": True,
        "source": "VALUE = 1\n",
        "version": "1.78.7",
        "names": ["__main__", "other", "part"],
        "origin": f"{made.site}/lb_single.py",
    }


def test_pythonpath_comes_first(made, tmp_path):
    put(tmp_path, {"lb_single.py": "VALUE = 'shadow'\n", "lb_package/__init__.py": "VALUE = 2\n"})
    program = "import lb_single, lb_package; told([lb_single.VALUE, lb_package.VALUE])"
    assert made.tell(program, env={"PYTHONPATH": str(tmp_path)}) == ["shadow", 2]


def test_what_the_application_puts_first_comes_first(made, tmp_path):
    put(tmp_path, {"lb_single.py": "VALUE = 'shadow'\n"})
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import lb_single
told(lb_single.VALUE)
"""
    assert made.tell(program) == "shadow"


def test_a_namespace_package_has_all_its_parts(made, tmp_path):
    put(tmp_path, {"lb_space/outer.py": "VALUE = 'outer'\n"})
    program = """
import lb_space.inner, lb_space.outer
told([len(lb_space.__path__), lb_space.inner.VALUE, lb_space.outer.VALUE])
"""
    assert made.tell(program, env={"PYTHONPATH": str(tmp_path)}) == [2, "inner", "outer"]


def test_files_added_while_it_runs_are_found(made, fresh):
    program = """
import importlib
file = %r
open(file, "w").write("VALUE = 'added'\\n")
importlib.invalidate_caches()
import lb_added
told(lb_added.VALUE)
"""
    assert fresh.tell(program % f"{fresh.site}/lb_added.py") == "added"


def test_runpy_reload_and_spawned_processes(made):
    program = """
import contextlib, importlib, io, lb_package, multiprocessing, os, runpy
with contextlib.redirect_stdout(io.StringIO()) as out:
    runpy.run_module("lb_package", run_name="__main__")
lb_package.VALUE = 5
importlib.reload(lb_package)
with multiprocessing.get_context("spawn").Pool(1) as pool:
    there = pool.apply(os.path.basename, ("/a/b",))
told([out.getvalue(), lb_package.VALUE, there])
"""
    assert made.tell(program) == ["as a program\n", 1, "b"]


def test_other_finders_work_beside_it(made):
    program = """
from importlib.machinery import PathFinder, SourceFileLoader
class Finder(PathFinder):
    seen = []
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        spec = super().find_spec(name, path, target)
        if name == "lb_single":
            cls.seen.append(name)
            spec.loader = SourceFileLoader(name, spec.origin)
        return spec
sys.meta_path.insert(0, Finder)
import lb_single, lb_package
told([Finder.seen, archived(lb_single), lb_single.VALUE, archived(lb_package)])
"""
    assert made.tell(program) == [["lb_single"], False, "single", True]


def test_python_itself_runs_modules_of_the_environment(made):
    command = [made.python, "-m", "lb_package"]
    assert subprocess.check_output(command, text=True) == "as a program\n"


def test_extension_modules_are_found_without_a_listing(made):
    program = """
import sys
listed = []
sys.addaudithook(lambda name, args: listed.append(str(args[0])) if name == "os.listdir" else None)
import _json, _socket
told([_json.__name__, _socket.__name__, listed])
"""
    assert made.tell(program) == ["_json", "_socket", []]


def test_its_pages_are_given_back(made):
    program = """
def resident(name):
    lines = iter(open("/proc/self/smaps"))
    for line in lines:
        if line.rstrip().endswith(name):
            return next(int(l.split()[1]) for l in lines if l.startswith("Rss:"))
import lb_package.part
before = resident("litellm-bridge.archive")
installed.rest()
after = resident("litellm-bridge.archive")
import lb_single
told([before > 0, after, lb_single.VALUE])
"""
    assert made.tell(program) == [True, 0, "single"]


def test_calls_with_room_are_calls():
    from litellm_bridge import roomy

    assert roomy.call(lambda a, b=1: (a, b), 1, b=3) == (1, 3)
    assert roomy.call(sum_to, 900) == 900 * 901 // 2


def sum_to(number: int) -> int:
    return number and number + sum_to(number - 1)


def test_the_worker_uses_it_and_says_when_it_can_not(spawn, fresh):
    channel = spawn(python=str(fresh.python)).ready()
    channel.do("version", {})
    assert [log for log in channel.logs if "archive" in log["text"]] == []
    os.chmod(fresh.archive, 0o666)
    channel = spawn(python=str(fresh.python)).ready()
    said = channel.log("litellm-bridge.archive is not used")
    assert "may be written by others" in json.dumps(said)
