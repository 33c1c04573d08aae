"""What a start of the real LiteLLM asks of the file system, counted by strace."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

ENV = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
FILE_CALLS = ("strace", "-f", "-s", "256", "-e", "trace=file,desc,network")
AT_MOST = 1 / 10  # of a plain import's
NETWORK = re.compile(
    r"\d+ +(socket|socketpair|connect|bind|listen|accept4?|send\w+|recv\w+|shutdown|[gs]et(sockopt|sockname)|getpeername)\("
)
CALL = re.compile(r"\d+ +\w+\(")

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace")


def calls(log) -> list[str]:
    """As trace=file,desc has them, until ready is sent."""
    found = []
    for line in log.read_text(errors="replace").splitlines():
        if r"\"litellm\":" in line and "send" in line:
            break
        if CALL.match(line) and not NETWORK.match(line):
            found.append(line)
    return found


@pytest.fixture(scope="module")
def plain(real, tmp_path_factory):
    """Of python3 -c 'import litellm'."""
    log = tmp_path_factory.mktemp("calls") / "plain"
    subprocess.run(
        [*FILE_CALLS, "-o", log, real.python, "-c", "import litellm"], env=ENV, check=True
    )
    return calls(log)


def start(spawn, real, folder):
    """From exec of the worker to ready."""
    log = folder / "log"
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {" ".join(FILE_CALLS)} -o {log} {real.python} "$@"\n')
    python.chmod(0o755)
    spawn(python=str(python), env=ENV).ready()
    return calls(log)


def test_a_tenth_of_the_calls_of_a_plain_import(spawn, real, plain, tmp_path):
    ours = start(spawn, real, tmp_path)
    print(f"{len(ours)} calls, {len(plain)} of a plain import: 1/{len(plain) / len(ours):.1f}")
    assert len(ours) <= AT_MOST * len(plain)


def test_no_module_is_read_from_a_file_of_its_own(spawn, real, tmp_path):
    """But for those that find the archive."""
    opened = [line for line in start(spawn, real, tmp_path) if re.search(r'openat.*\.pyc?"', line)]
    first = re.compile(
        r"/encodings/|/litellm_bridge/(__main__|__init__|roomy|strays|archive/\w+)\.|/__pycache__/"
    )
    assert [line for line in opened if not first.search(line)] == []
