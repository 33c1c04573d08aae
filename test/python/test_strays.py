"""Descriptors that are closed at the start, and those of a layer's archive, which are not."""

from __future__ import annotations

import json
import subprocess
import sys

from peer import PACKAGE

PROGRAM = """
import json, os, sys
sys.path.insert(0, {worker!r})
from litellm_bridge.strays import close_strays
made = [os.dup2(os.open(name, os.O_RDONLY), 40 + at) for at, name in enumerate(sys.argv[1:])]
close_strays()
print(json.dumps([os.path.exists(f"/proc/self/fd/{{fd}}") for fd in made]))
"""


def test_only_the_archive_of_a_layer_stays_open(tmp_path):
    names = ["litellm-bridge.archive", "my-litellm-bridge.archive", "other"]
    for name in names:
        (tmp_path / name).touch()
    program = PROGRAM.format(worker=str(PACKAGE.parent))
    command = [sys.executable, "-c", program, *(str(tmp_path / name) for name in names)]
    assert json.loads(subprocess.check_output(command)) == [True, False, False]
