"""An archive that does not fit, is not safe or is damaged: the files are used, and why is said."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys

import pytest

from environments import Environment, put
from litellm_bridge.archive import file
from peer import PACKAGE

USED = """
import lb_package.part, lb_single
told([archived(lb_single), lb_package.VALUE, lb_single.VALUE, installed.reason])
"""
FIXTURES = PACKAGE.parents[2] / "test" / "fixtures"
NOBODY = 65534


def passed_over(environment: Environment) -> str:
    """The reason; the modules work all the same."""
    archived, *values, reason = environment.tell(USED)
    assert (archived, values) == (False, [1, "single"]) and reason
    return reason


def test_none(tmp_path):
    assert Environment.make(tmp_path / "env").tell(USED) == [False, 1, "single", ""]


# -- what is installed has changed


def test_a_package_that_pip_installs(tmp_path):
    environment = Environment.make(tmp_path / "env")
    environment.build()
    assert environment.tell(USED)[0] is True
    subprocess.run(
        [sys.executable, FIXTURES / "wheel.py", tmp_path], check=True, stdout=subprocess.DEVNULL
    )
    pip = [sys.executable, "-m", "pip", "--python", environment.python]
    pip += ["install", "--quiet", "--no-index"]
    wheel = tmp_path / "lbtiny-1.0-py3-none-any.whl"
    subprocess.run([*pip, wheel], check=True)
    assert "site-packages has changed" in passed_over(environment)
    environment.build()
    assert environment.tell(USED)[0] is True
    # The same version anew: a local build may be another with each installation.
    subprocess.run([*pip, "--force-reinstall", wheel], check=True)
    assert "site-packages has changed" in passed_over(environment)


def test_a_module_that_is_added(fresh):
    put(fresh.site, {"lb_new.py": ""})
    assert "site-packages has changed" in passed_over(fresh)


def test_dates_cut_to_seconds_are_the_same_dates(fresh):
    at_s = os.stat(fresh.site).st_mtime_ns // 1_000_000_000
    os.utime(fresh.site, (at_s, at_s))
    assert fresh.tell(USED)[0] is True


def test_another_python(fresh, monkeypatch):
    monkeypatch.setattr(file.sys, "version", "3.11.0 (another)")
    with pytest.raises(file.Unusable, match="of another Python"):
        file.open_archive(str(fresh.archive), str(PACKAGE.parent))


def worker_copy(environment, folder):
    """The worker's modules, at a place of their own, and an archive with them."""
    copy = folder / "worker" / "litellm_bridge"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    build = [copy / "archive" / "build.py", "--home", environment.home]
    subprocess.run([environment.python, *"-I -S -X utf8".split(), *build], check=True)
    return copy


def clock_of(environment, copy):
    program = f"""
sys.modules.pop("litellm_bridge.clock", None)
sys.modules["litellm_bridge"].__path__[:] = [{str(copy)!r}]
installed = importing.install(importing.path_of(sys.executable), {str(copy.parent)!r})
import litellm_bridge.clock as c
told([archived(c), getattr(c, "ADDED", None)])
"""
    return environment.tell(program)


def test_a_worker_that_has_changed(fresh, tmp_path):
    copy = worker_copy(fresh, tmp_path)
    assert clock_of(fresh, copy) == [True, None]
    os.utime(copy / "clock.py")  # a copy of it has another date
    assert clock_of(fresh, copy) == [True, None]
    with open(copy / "clock.py", "a") as source:
        source.write("ADDED = 1\n")
    assert clock_of(fresh, copy)[1] == 1


# -- who may have written it


def test_a_file_or_folder_that_others_may_write(fresh):
    for path, mode in ((fresh.archive, 0o664), (fresh.archive, 0o646), (fresh.home, 0o777)):
        before = os.stat(path).st_mode
        os.chmod(path, mode)
        assert f"{path} may be written by others" in passed_over(fresh)
        os.chmod(path, before)
    assert fresh.tell(USED)[0] is True


def test_a_sticky_folder_above_is_no_danger(tmp_path):
    above = tmp_path / "above"
    above.mkdir()
    os.chmod(above, 0o1777)
    environment = Environment.make(above / "env")
    environment.build()
    assert environment.tell(USED)[0] is True


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_or_folder_of_another_user(fresh):
    for path in (fresh.archive, fresh.home):
        os.chown(path, NOBODY, -1)
        assert f"{path} belongs to another user" in passed_over(fresh)
        os.chown(path, 0, -1)


def test_a_link(fresh):
    os.rename(fresh.archive, fresh.home / "elsewhere")
    fresh.archive.symlink_to(fresh.home / "elsewhere")
    assert "can't be opened" in passed_over(fresh)


def test_a_folder(fresh):
    fresh.archive.unlink()
    fresh.archive.mkdir()
    assert passed_over(fresh) == "it is not a file"


# -- damage


def outcome(path, sound: dict[str, bytes]) -> str:
    """Reads everything; "passed over", "damaged" (some modules' files would be read), "sound"."""
    try:
        archive = file.open_archive(str(path), str(PACKAGE.parent))
        archive.map()
    except file.Unusable:
        return "passed over"
    codes = every_code(archive)
    assert all(code in (None, sound[name]) for name, code in codes.items())
    archive.close()
    assert None not in codes.values() or archive.damaged
    return "damaged" if archive.damaged else "sound"


def every_code(archive) -> dict[str, object]:
    codes = {}
    for folder in archive.folders:
        for name, entry in archive.table(folder).items():
            if isinstance(entry, tuple):
                path = f"{folder}/{name}/__init__.py" if entry[0] else f"{folder}/{name}.py"
                codes[path] = archive.code(entry, path)
    return codes


@pytest.fixture(scope="module")
def small(made, tmp_path_factory):
    """Of the stub packages alone: a thousand times of reading it must not take long."""
    home = tmp_path_factory.mktemp("small") / "env"
    shutil.copytree(made.home, home, symlinks=True)
    environment = Environment(home)
    environment.build_layer()
    return environment


@pytest.fixture(scope="module")
def sound(small):
    archive = file.open_archive(str(small.archive), str(PACKAGE.parent))
    archive.map()
    codes = every_code(archive)
    archive.close()
    assert len(codes) == 9 and None not in codes.values()
    return codes


def test_cut_at_any_place(small, sound, tmp_path):
    data = small.archive.read_bytes()
    assert outcome(small.archive, sound) == "sound"
    near = range(0, file.HEADER_SIZE + 8)
    anywhere = random.Random(1).sample(range(len(data)), 200)
    small.archive.rename(tmp_path / "kept")
    try:
        for length in (*near, *anywhere, len(data) - 1):
            small.archive.write_bytes(data[:length])
            assert outcome(small.archive, sound) == "passed over", length
    finally:
        (tmp_path / "kept").rename(small.archive)


def test_a_flipped_bit_at_any_place(small, sound, tmp_path):
    data = bytearray(small.archive.read_bytes())
    small.archive.rename(tmp_path / "kept")
    numbers = random.Random(2)
    try:
        for at in (*range(file.HEADER_SIZE), *numbers.sample(range(len(data)), 300)):
            bit = 1 << numbers.randrange(8)
            data[at] ^= bit
            small.archive.write_bytes(data)
            assert outcome(small.archive, sound) in ("passed over", "damaged"), at
            data[at] ^= bit
    finally:
        (tmp_path / "kept").rename(small.archive)


def test_a_damaged_module_comes_from_its_file(fresh):
    data = bytearray(fresh.archive.read_bytes())
    data[data.index(b"this module is damaged")] ^= 1
    fresh.archive.write_bytes(data)
    program = "import lb_damaged; told([lb_damaged.TEXT, installed.warnings()])"
    text, warnings = fresh.tell(program)
    assert text == "this module is damaged"
    assert warnings == [f"{fresh.archive} is damaged; {fresh.site}/lb_damaged.py was read instead"]


# -- when it is made


def test_the_same_files_give_the_same_bytes(fresh):
    for build in (fresh.build, lambda: fresh.build_layer(remove=False)):
        archives = []
        for _ in range(2):
            build()
            archives.append(fresh.archive.read_bytes())
        assert archives[0] == archives[1]


def test_it_is_not_built_anew_while_it_fits(fresh):
    before = os.stat(fresh.archive).st_ino
    fresh.build("--if-needed")
    assert os.stat(fresh.archive).st_ino == before
    put(fresh.site, {"lb_new.py": ""})
    fresh.build("--if-needed")
    assert os.stat(fresh.archive).st_ino != before
    assert fresh.tell(USED)[0] is True
