from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from environments import Environment


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """One with an archive, not to be changed."""
    environment = Environment.make(tmp_path_factory.mktemp("made") / "env")
    environment.build()
    return environment


@pytest.fixture
def fresh(tmp_path):
    """One with an archive, for one test."""
    environment = Environment.make(tmp_path / "env")
    environment.build()
    return environment


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    """One with the packages of the private environment."""
    origin = importlib.util.find_spec("litellm").origin
    environment = Environment.make(tmp_path_factory.mktemp("real") / "env", Path(origin).parents[1])
    environment.build()
    yield environment
    shutil.rmtree(environment.home)
