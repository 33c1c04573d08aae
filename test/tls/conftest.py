from __future__ import annotations

import os

import pytest

from authority import Authority, Server
from workers import loop, spawn

__all__ = ["loop", "spawn"]

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no test reaches for the network


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "ca", "litellm-bridge test")


@pytest.fixture(scope="session")
def urls(authority):
    certificates = {
        "good": authority.certificate("localhost"),
        "expired": authority.certificate("localhost", days=-1),
        "wrong host": authority.certificate("example.org"),
    }
    servers = {name: Server(file) for name, file in certificates.items()}
    yield {name: server.url for name, server in servers.items()}
    for server in servers.values():
        server.close()
