"""How the worker process ends: whatever happens to Node, nothing of it stays."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from litellm_bridge import frames
from peer import until
from provider import held, openai_chunk, sse

STUB = "suppress_debug_info = False\n"
SLOW = "import time\ndef get_max_tokens(model):\n    open(model, 'w').close(); time.sleep(600)\n"


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A child of a dead parent that nobody has reaped yet is dead, too.
    return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()


@pytest.fixture
def worker(spawn, stub_env):
    return spawn(env=stub_env(STUB + SLOW))


def test_goodbye(worker):
    worker.ready()
    worker.goodbye()
    assert worker.wait() == 0


def test_the_end_of_the_control_socket(worker):
    worker.ready()
    worker.close_control()
    assert worker.wait() == 0


def test_goodbye_while_a_function_blocks(worker, tmp_path):
    channel = worker.ready()
    channel.call("get_max_tokens", {"model": str(tmp_path / "running")})
    until((tmp_path / "running").exists, "the function runs")
    worker.goodbye()
    assert worker.wait() == 0


def test_goodbye_before_ready(spawn, stub_env):
    worker = spawn(env=stub_env(STUB))
    worker.goodbye()
    assert worker.wait() == 0


def test_the_lifeline_ends_it_even_while_it_holds_the_gil(spawn, stub_env, tmp_path):
    mark = tmp_path / "importing"
    worker = spawn(env=stub_env(f"open({str(mark)!r}, 'w').close()\nwhile True: pass"))
    until(mark.exists, "the import runs")
    worker.cut_lifeline()
    assert worker.wait() == -signal.SIGIO


def test_the_lifeline_ends_its_children_too(spawn, stub_env):
    child = (
        "import subprocess\n"
        "def get_max_tokens(model): return subprocess.Popen(['sleep', '600']).pid\n"
    )
    worker = spawn(env=stub_env(STUB + child))
    pid = worker.ready().do("get_max_tokens", {"model": "x"}).json
    worker.cut_lifeline()
    assert worker.wait() == -signal.SIGIO
    until(lambda: gone(pid), "the child is gone")


def test_the_death_of_the_parent_is_seen_past_an_open_control_socket(stub_env, tmp_path):
    """A fork of Node without exec keeps the sockets and the lifeline open."""
    here = Path(__file__).parent
    env = stub_env(STUB)
    own = (str(here), str(here.parents[1] / "lib" / "python"))
    env["PYTHONPATH"] = os.pathsep.join((*own, env["PYTHONPATH"]))
    program = [sys.executable, str(here / "programs" / "forking_node.py")]
    done = subprocess.run(program, env=env, capture_output=True, text=True)
    worker, fork = map(int, done.stdout.split())
    try:
        until(lambda: gone(worker), "the worker is gone")
        assert not gone(fork)
    finally:
        os.kill(fork, signal.SIGKILL)


def test_the_end_of_one_channel_disturbs_no_other(worker):
    one, two = worker.ready(), worker.ready()
    one.close()
    assert two.do("bridge.set_env", {"A": "b"}).kind == frames.RESULT
    assert worker.ready().do("bridge.set_env", {"A": "b"}).kind == frames.RESULT


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 12,
        frames.encode(1, frames.RESULT),
        frames.encode(0, frames.CALL, b"x"),
        frames.encode(1, frames.CREDIT, b"123"),
    ],
    ids=["noise", "a worker's frame", "call id 0", "short credit"],
)
def test_a_violation_ends_it_with_words(worker, data):
    worker.ready().send(data)
    assert worker.wait() == 76
    assert "not of the protocol" in worker.output()


def test_a_control_message_that_is_unknown_is_ignored(worker):
    worker.ready()
    worker._control.send(b"?")
    worker._control.send(b"c")  # its descriptor was lost on the way
    worker.ready()


def test_only_the_first_of_two_descriptors_is_a_channel(worker):
    worker.ready()
    pairs = [socket.socketpair() for _ in range(2)]
    socket.send_fds(worker._control, [b"c"], [theirs.fileno() for _, theirs in pairs])
    for _, theirs in pairs:
        theirs.close()
    worker.ready()
    (one, _), (two, _) = pairs
    assert one.recv(12)
    two.settimeout(30)
    assert two.recv(12) == b""


def test_goodbye_closes_the_providers_connections(spawn, provider):
    worker = spawn()
    channel = worker.ready()
    provider.on("bye", held([sse(openai_chunk({"content": "a"}))]))
    arguments = {"model": "openai/bye", "messages": [], "api_base": provider.url, "api_key": "k"}
    call = channel.call("completion", {**arguments, "stream": True}, stream=True)
    channel.wait(lambda frame: frame.call == call, "the first chunk")
    worker.goodbye()
    assert worker.wait() == 0
    assert provider.exchange("bye").hung_up.wait(30)


def test_a_crash_leaves_its_traceback(spawn, stub_env):
    crash = "import os, signal\ndef get_max_tokens(model): os.kill(os.getpid(), signal.SIGSEGV)\n"
    worker = spawn(env=stub_env(STUB + crash))
    worker.ready().call("get_max_tokens", {"model": "x"})
    assert worker.wait() == -signal.SIGSEGV
    assert "Segmentation fault" in worker.output()
