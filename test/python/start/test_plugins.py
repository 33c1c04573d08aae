"""pydantic finds the plugins that there are, with the archive and without."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from environments import Environment, put

LOADED = """
import os
from litellm_bridge import measures
with measures.applied(os.environ):
    from pydantic.plugin import _loader
    import pydantic
class Model(pydantic.BaseModel):
    x: int
told([sorted(map(str, _loader.get_plugins())), installed.reason])
"""
PLUGIN = {
    "lb_plugin.py": "class Plugin:\n    def new_schema_validator(self, *a, **k):\n"
    "        return None, None, None\n    def __str__(self):\n        return 'ours'\nplugin = Plugin()\n",
    "lb_plugin-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: lb_plugin\nVersion: 1\n",
    "lb_plugin-1.dist-info/entry_points.txt": "[pydantic]\nours = lb_plugin:plugin\n",
}


@pytest.fixture
def with_pydantic(tmp_path):
    """The stub litellm, and the real pydantic."""
    import pydantic

    environment = Environment.make(tmp_path / "env")
    packages = Path(pydantic.__file__).parents[1]
    for name in ("pydantic", "pydantic_core", "annotated_types", "typing_inspection"):
        (environment.site / name).symlink_to(packages / name)
    shutil.copy(packages / "typing_extensions.py", environment.site)
    put(environment.site, {"litellm/__init__.py": "import pydantic.plugin._loader\n"})
    environment.build()
    return environment


def test_none_is_known_without_a_look(with_pydantic):
    program = "import importlib.metadata\nimportlib.metadata.distributions = None\n" + LOADED
    assert with_pydantic.tell(program) == [[], ""]


def test_one_that_is_installed_later_is_found(with_pydantic):
    put(with_pydantic.site, PLUGIN)
    plugins, reason = with_pydantic.tell(LOADED)
    assert plugins == ["ours"] and "has changed" in reason
    with_pydantic.build()
    assert with_pydantic.tell(LOADED) == [["ours"], ""]


def test_one_of_the_application_is_found(with_pydantic, tmp_path):
    put(tmp_path / "own", PLUGIN)
    environ = {"PYTHONPATH": str(tmp_path / "own")}
    assert with_pydantic.tell(LOADED, env=environ) == [["ours"], ""]
