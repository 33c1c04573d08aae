"""What is broken is told before litellm is imported, not after it."""

from __future__ import annotations

import pytest

from litellm_bridge import frames


@pytest.fixture
def failed(spawn, stub_env, tmp_path):
    """Starts with a litellm that says when it is imported; gives the failure."""
    mark = tmp_path / "imported"

    def start(version="1.78.7", **options):
        env = stub_env(f"open({str(mark)!r}, 'w')\n", version)
        channel = spawn(env=env, options=options).connect()
        channel.message(frames.HELLO)
        message = channel.message(frames.FAILED)
        assert not mark.exists()
        return message

    return start


def test_a_version_that_is_too_old(failed):
    assert failed("1.0.0")["code"] == "ERR_LITELLM_VERSION"


@pytest.mark.parametrize("name", ["no_such_module", "no_such.module", "/no/such/file.py"])
def test_a_preload_that_is_not_there(failed, name):
    told = failed(preload=[name])
    assert told["code"] == "ERR_PRELOAD" and name.split(".")[0] in told["message"]


def test_a_litellm_that_is_not_there(spawn, tmp_path):
    channel = spawn(env={}, python=str(bare(tmp_path))).connect()
    channel.message(frames.HELLO)
    assert channel.message(frames.FAILED)["code"] == "ERR_LITELLM_MISSING"


def bare(folder):
    from environments import Environment, put

    environment = Environment.make(folder / "env")
    import shutil

    shutil.rmtree(environment.site)
    put(environment.site, {"other.py": ""})
    return environment.python
