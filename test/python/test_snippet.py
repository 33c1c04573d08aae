"""llm.runPython(): a program in a process of its own, from its start to its end, whatever ends it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
import uvloop

from litellm_bridge import frames, snippet
from litellm_bridge.errors import BridgeError, InvalidArgument
from peer import until

STUB = "suppress_debug_info = False\n"
RUN = "bridge.run_python"

# Prints the group's pids once they are there, and stays: itself, and a child of its own.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "600"])
with open({file!r} + ".new", "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}")
os.rename({file!r} + ".new", {file!r})
time.sleep(600)
"""


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request):
    return lambda code: request.param(snippet.run_python({"code": code}))


@pytest.fixture
def worker(spawn, stub_env):
    return spawn(env=stub_env(STUB))


def gone(pid):
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def family(tmp_path):
    """The code, and a function that waits for the pids."""
    file = tmp_path / "pids"

    def pids():
        until(file.exists, "the snippet and its child run")
        return [int(pid) for pid in file.read_text().split()]

    return FAMILY.format(file=str(file)), pids


def test_output_and_status(run):
    code = "import sys\nprint('to stdout ☃')\nprint('to stderr', file=sys.stderr)\nsys.exit(3)"
    assert run(code) == {
        "stdout": "to stdout ☃\n",
        "stderr": "to stderr\n",
        "exitCode": 3,
        "signal": None,
    }


def test_an_exception_is_a_traceback_of_the_snippet_alone(run):
    result = run("def f():\n    raise ValueError('no')\nf()\n")
    assert result["exitCode"] == 1
    assert result["stderr"].splitlines() == [
        "Traceback (most recent call last):",
        '  File "<snippet>", line 3, in <module>',
        "    f()",
        '  File "<snippet>", line 2, in f',
        "    raise ValueError('no')",
        "ValueError: no",
    ]


def test_a_syntax_error_names_its_line(run):
    result = run("x = 1\ny = = 2\n")
    assert result["exitCode"] == 1
    assert 'File "<snippet>", line 2' in result["stderr"]
    assert "SyntaxError" in result["stderr"] and "snippet_main" not in result["stderr"]


def test_a_signal(run):
    result = run("import os\nos.kill(os.getpid(), 9)")
    assert (result["exitCode"], result["signal"]) == (None, "SIGKILL")


def test_it_is_the_module_main_with_nothing_on_stdin(run):
    code = "import sys\nassert __name__ == '__main__'\nprint(repr(sys.stdin.read()), sys.argv)"
    assert run(code)["stdout"] == "'' ['<snippet>']\n"


def test_the_interpreter_and_its_paths_are_ours(run, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, "/added/by/a/preload"])
    code = "import json, sys\nprint(json.dumps([sys.executable, sys.path, sys.flags.utf8_mode]))"
    assert json.loads(run(code)["stdout"]) == [sys.executable, sys.path, 1]


def test_the_environment_is_ours(run, monkeypatch):
    monkeypatch.setenv("SET_LATER", "by setEnv")
    assert run("import os\nprint(os.environ['SET_LATER'])")["stdout"] == "by setEnv\n"


def test_a_large_program_and_large_outputs(run):
    text = "x" * 3_000_000
    result = run(f"text = '{text}'\nimport sys\nprint(text, end='')\nsys.stderr.write(text)")
    assert (len(result["stdout"]), len(result["stderr"])) == (3_000_000, 3_000_000)


def test_too_much_output_ends_it(run, monkeypatch):
    monkeypatch.setattr(snippet, "LONGEST_OUTPUT", 1000)
    with pytest.raises(BridgeError, match="more than 1000 bytes came on stderr") as caught:
        run("import sys\nwhile True: sys.stderr.write('x' * 4096)")
    assert caught.value.code == "ERR_MEMORY"


def test_bytes_that_are_no_text(run):
    assert run("import os\nos.write(1, b'a\\xffb')")["stdout"] == "a\ufffdb"


def test_one_that_closes_its_outputs_is_still_waited_for(run):
    assert run("import os\nos.close(1)\nos.close(2)\nos._exit(5)")["exitCode"] == 5


def test_what_it_leaves_behind_ends_with_it(run):
    code = "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    pid = int(run(code)["stdout"])  # the child holds stdout: without an end, this would wait
    until(lambda: gone(pid), "the child is gone")


@pytest.mark.parametrize("bad", [{}, {"code": None}, {"code": b"x"}])
def test_code_that_is_no_text(bad):
    with pytest.raises(InvalidArgument, match="code"):
        asyncio.run(snippet.run_python(bad))


@pytest.mark.parametrize("loop_run", [asyncio.run, uvloop.run])
def test_no_descriptor_is_left_here(loop_run):
    async def runs():
        before = set(os.listdir("/proc/self/fd"))
        await snippet.run_python({"code": "print(1)"})
        return before, set(os.listdir("/proc/self/fd"))

    before, after = loop_run(runs())
    assert len(after) <= len(before) + 2  # the loop's own, for its first child


# ---- in the worker


def test_no_descriptor_of_the_protocol_goes_along(worker):
    code = (
        "import os\n"
        "for fd in sorted(os.listdir('/proc/self/fd'), key=int):\n"
        "    try: print(fd, os.readlink(f'/proc/self/fd/{fd}'), sep='\\t')\n"
        "    except FileNotFoundError: pass\n"
    )
    answer = worker.ready().do(RUN, {"code": code})
    files = dict(line.split("\t") for line in answer.json["stdout"].splitlines())
    rest = {fd: name for fd, name in files.items() if not name.endswith(".archive")}  # its own
    assert sorted(rest) == ["0", "1", "2", "3"], rest
    assert rest["3"].startswith("pipe:")  # its own lifeline


def test_the_code_is_not_in_the_list_of_processes(worker, tmp_path):
    code, pids = family(tmp_path)
    channel = worker.ready()
    call = channel.call(RUN, {"code": code + "# a-secret"})
    pid, _ = pids()
    assert b"a-secret" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert b"a-secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    channel.cancel(call)


def test_a_cancel_kills_the_group(worker, tmp_path):
    code, pids = family(tmp_path)
    channel = worker.ready()
    call = channel.call(RUN, {"code": "import signal\nsignal.signal(29, signal.SIG_IGN)\n" + code})
    running = pids()
    channel.cancel(call)
    assert channel.answer(call).kind == frames.ERROR
    for pid in running:
        until(lambda pid=pid: gone(pid), f"{pid} is gone")
    assert channel.do(RUN, {"code": "print('next')"}).json["stdout"] == "next\n"


def test_goodbye_kills_the_group(worker, tmp_path):
    code, pids = family(tmp_path)
    channel = worker.ready()
    channel.call(RUN, {"code": code})
    running = pids()
    worker.goodbye()
    assert worker.wait() == 0
    for pid in running:
        until(lambda pid=pid: gone(pid), f"{pid} is gone")


def test_the_death_of_the_worker_ends_the_group(worker, tmp_path):
    code, pids = family(tmp_path)
    channel = worker.ready()
    channel.call(RUN, {"code": code})
    running = pids()
    os.kill(worker.pid, signal.SIGKILL)
    for pid in running:
        until(lambda pid=pid: gone(pid), f"{pid} is gone")


def test_calls_go_on_meanwhile(worker, tmp_path):
    code, pids = family(tmp_path)
    channel = worker.ready()
    call = channel.call(RUN, {"code": code})
    pids()
    assert channel.do("bridge.set_env", {"A": "b"}).kind == frames.RESULT
    channel.cancel(call)
