from __future__ import annotations

import os
import sys

import pytest

from litellm_bridge import sites

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


def folder(*parts):
    path = os.path.join(*map(str, parts))
    os.makedirs(path, exist_ok=True)
    return path


def venv(root, config):
    folder(root, "bin")
    (root / "pyvenv.cfg").write_text(config)
    return str(root / "bin" / "python3"), folder(root, "lib", VERSION, "site-packages")


def test_a_virtual_environment(tmp_path):
    python, site = venv(tmp_path / "v", "home = /usr/bin\ninclude-system-site-packages = false\n")
    folder(tmp_path, "usr", "lib", VERSION, "site-packages")
    assert sites.site_folders(python, str(tmp_path / "usr")) == [site]


def test_a_virtual_environment_with_the_systems_packages(tmp_path):
    python, site = venv(tmp_path / "v", "include-system-site-packages=True")
    system = folder(tmp_path, "usr", "lib", VERSION, "site-packages")
    assert sites.site_folders(python, str(tmp_path / "usr")) == [site, system]


def test_a_config_beside_the_executable(tmp_path):
    root = tmp_path / "v"
    python, site = venv(root, "include-system-site-packages = false")
    os.rename(root / "pyvenv.cfg", root / "bin" / "pyvenv.cfg")
    assert sites.site_folders(python, "/nowhere") == [site]


def test_debian(tmp_path):
    local = folder(tmp_path, "local", "lib", VERSION, "dist-packages")
    shared = folder(tmp_path, "lib", "python3", "dist-packages")
    assert sites.site_folders(str(tmp_path / "bin/python3"), str(tmp_path)) == [local, shared]


def test_a_layer_comes_before_what_others_put_into_its_site_packages(tmp_path):
    site = folder(tmp_path, "lib", VERSION, "site-packages")
    folder(tmp_path, "litellm")
    python = str(tmp_path / "bin" / "python3")
    assert sites.site_folders(python, str(tmp_path)) == [str(tmp_path), site]


def extend(tmp_path, environ=None):
    path = ["/stdlib"]
    python, site = venv(tmp_path / "v", "include-system-site-packages = false")
    yield_to = {"path": path, "site": site}
    sites.extend(path, environ or {}, python)
    return yield_to


def test_python_path_goes_in_front(tmp_path):
    one, two = folder(tmp_path, "one"), folder(tmp_path, "two")
    environ = {"PYTHONPATH": os.pathsep.join((one, "", two, one))}
    made = extend(tmp_path, environ)
    assert made["path"] == [one, two, "/stdlib", made["site"]]


@pytest.fixture
def pth(tmp_path):
    site = folder(tmp_path, "v", "lib", VERSION, "site-packages")

    def write(name, text):
        with open(os.path.join(site, name), "w", encoding="utf-8") as file:
            file.write(text)

    return write


def test_path_lines_of_pth_files(tmp_path, pth):
    extra = folder(tmp_path, "extra")
    inside = folder(tmp_path, "v", "lib", VERSION, "site-packages", "inside")
    pth("a.pth", f"# comment\n\n{extra}\ninside\n/missing/folder\n")
    made = extend(tmp_path)
    assert made["path"] == ["/stdlib", made["site"], extra, inside]


def test_import_lines_never_run(tmp_path, pth):
    marker = tmp_path / "ran"
    pth("evil.pth", f"import pathlib; pathlib.Path({str(marker)!r}).touch()\nimport\tos\n")
    made = extend(tmp_path)
    assert not marker.exists()
    assert made["path"] == ["/stdlib", made["site"]]


def test_hidden_pth_files_are_ignored(tmp_path, pth):
    pth(".hidden.pth", folder(tmp_path, "extra") + "\n")
    made = extend(tmp_path)
    assert made["path"] == ["/stdlib", made["site"]]


def test_a_byte_order_mark(tmp_path, pth):
    extra = folder(tmp_path, "extra")
    pth("bom.pth", "\ufeff" + extra + "\n")
    assert extend(tmp_path)["path"][-1] == extra
