from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from peer import PeerChannel, Worker
from provider import Provider
from workers import loop, spawn

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no test reaches for the network

__all__ = ["PRELOAD", "loop", "spawn"]  # fixtures among them

PRELOAD = Path(__file__).parent / "preloads"


@pytest.fixture(scope="session")
def provider():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def server():
    """One worker with the real LiteLLM for all tests that do not harm it."""
    worker = Worker(options={"preload": [str(PRELOAD / "misbehaving.py")]})
    yield worker
    worker.kill()


@pytest.fixture
def channel(server):
    channel: PeerChannel = server.ready()
    yield channel
    channel.close()


@pytest.fixture
def stub_env(tmp_path):
    """An environment whose litellm is a stub, so that a start takes a tenth of a second."""

    def make(source: str = "", version: str = "1.78.7") -> dict[str, str]:
        package = tmp_path / "stub"
        (package / "litellm").mkdir(parents=True)
        (package / "litellm" / "__init__.py").write_text(source)
        info = package / f"litellm-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: litellm\nVersion: {version}\n"
        )
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(package)}

    return make


@pytest.fixture
def bare_python():
    """An interpreter whose site folders have no litellm."""
    return os.path.realpath(sys._base_executable)
