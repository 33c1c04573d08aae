from __future__ import annotations

import importlib.metadata
import os
import sys

import litellm
import pytest

from litellm_bridge import describe

STUB = "suppress_debug_info = False\n"


def test_what_is_told_is_what_is_there():
    told = describe.describe(litellm)
    assert told["python"]["version"] == sys.version.split()[0]
    assert told["python"]["path"] == sys.executable
    assert told["python"]["sysPath"] == sys.path
    assert told["litellm"]["version"] == importlib.metadata.version("litellm")
    assert os.path.isfile(os.path.join(told["litellm"]["path"], "__init__.py"))
    assert told["packages"]["openai"] == importlib.metadata.version("openai")


def test_a_package_that_is_missing_is_none(monkeypatch):
    monkeypatch.setattr(describe, "PACKAGES", ("no-such-package-anywhere",))
    assert describe.describe(litellm)["packages"] == {"no-such-package-anywhere": None}


@pytest.mark.parametrize("package", describe.PACKAGES)
def test_every_package_is_known_to_the_lock(package):
    assert importlib.metadata.version(package)


def test_a_worker_tells_where_its_litellm_is(spawn, stub_env):
    env = stub_env(STUB)
    told = spawn(env=env).ready().do("bridge.describe").json
    assert told["litellm"]["path"] == os.path.join(env["PYTHONPATH"], "litellm")
    assert told["litellm"]["version"] == "1.78.7"
    assert env["PYTHONPATH"] in told["python"]["sysPath"]
