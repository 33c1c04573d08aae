"""How the worker process starts, and how it refuses to."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys

import pytest

from litellm_bridge import frames
from peer import PACKAGE, until

STUB = "suppress_debug_info = False\n"


def stat(pid, name):
    with open(f"/proc/{pid}/status") as file:
        return next(line.split(":", 1)[1].strip() for line in file if line.startswith(name + ":"))


def test_hello_then_ready(spawn, stub_env):
    worker = spawn(env=stub_env(STUB))
    channel = worker.connect()
    hello = channel.message(frames.HELLO)
    version = ".".join(map(str, sys.version_info[:3]))
    assert hello == {
        "protocol": 1,
        "pid": worker.pid,
        "python": version,
        "executable": sys.executable,
    }
    ready = channel.message(frames.READY)
    assert ready["litellm"] == "1.78.7"
    assert set(ready["timings"]) == {"interpreter", "bootstrap", "import"}
    assert all(value > 0 for value in ready["timings"].values())
    assert ready["memory"]["rss"] > 1 << 20 and ready["memory"]["percent"] > 0


def test_hello_comes_before_the_import(spawn, stub_env, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    worker = spawn(env=stub_env(f"open({str(gate)!r}).read()"))
    channel = worker.connect()
    channel.message(frames.HELLO)
    gate.write_text("go on")
    channel.message(frames.READY)


def test_a_second_channel_is_greeted_too(spawn, stub_env):
    worker = spawn(env=stub_env(STUB))
    worker.ready()
    late = worker.connect()
    assert late.message(frames.HELLO)["pid"] == worker.pid
    assert late.message(frames.READY)["litellm"] == "1.78.7"


def test_a_call_sent_before_hello_is_answered_after_ready(spawn, stub_env):
    worker = spawn(env=stub_env(STUB + "def get_max_tokens(model): return 9\n"))
    channel = worker.connect()
    call = channel.call("get_max_tokens", {"model": "x"})
    assert channel.answer(call).json == 9
    assert [frame.type for frame in channel.frames] == [frames.HELLO, frames.READY]


def _open_files(pid: int) -> dict[int, str]:
    """Without those that were closed meanwhile: the worker is at work."""
    targets = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            targets[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
    return targets


def test_descriptors_and_dispositions(spawn, stub_env):
    worker = spawn(env=stub_env(STUB), stray=9)
    worker.ready()
    targets = _open_files(worker.pid)
    assert targets[0] == "/dev/null"
    assert [fd for fd, target in targets.items() if fd > 0 and target == "/dev/null"] == []
    for fd in (3, 4):
        with open(f"/proc/{worker.pid}/fdinfo/{fd}") as file:
            flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags:"))
        assert flags & os.O_CLOEXEC
        assert (fd == 3) or flags & fcntl.FASYNC
    assert int(stat(worker.pid, "SigIgn"), 16) & (1 << (signal.SIGIO - 1)) == 0


def test_the_memory_is_not_for_other_processes(spawn, stub_env):
    probe = "import ctypes\ndef get_max_tokens(model): return ctypes.CDLL(None).prctl(3)\n"
    channel = spawn(env=stub_env(STUB + probe)).ready()
    until(lambda: channel.do("get_max_tokens", {"model": "x"}).json == 0, "PR_GET_DUMPABLE is 0")


def test_the_options_are_not_in_the_environment(spawn, stub_env):
    probe = "import os\ndef get_max_tokens(model): return sorted(os.environ)\n"
    channel = spawn(env=stub_env(STUB + probe)).ready()
    names = channel.do("get_max_tokens", {"model": "x"}).json
    assert "LITELLM_BRIDGE_OPTIONS" not in names
    assert "LITELLM_LOCAL_MODEL_COST_MAP" in names


def test_the_price_list_variable_is_the_users(spawn, stub_env):
    probe = "import os\ndef get_max_tokens(model): return os.environ[model]\n"
    env = stub_env(STUB + probe) | {"LITELLM_LOCAL_MODEL_COST_MAP": "False"}
    answer = spawn(env=env).ready().do("get_max_tokens", {"model": "LITELLM_LOCAL_MODEL_COST_MAP"})
    assert answer.json == "False"


def failed(worker):
    failure = worker.connect().message(frames.FAILED)
    assert worker.wait() == 1
    return failure


def test_no_litellm(spawn, bare_python, tmp_path):
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    failure = failed(spawn(env=env, python=bare_python))
    assert failure["code"] == "ERR_LITELLM_MISSING"
    assert bare_python in failure["message"]
    assert str(tmp_path) in failure["detail"]


def test_a_litellm_that_can_not_be_imported(spawn, stub_env):
    failure = failed(spawn(env=stub_env("import a_package_that_is_missing")))
    assert failure["code"] == "ERR_LITELLM_MISSING"
    assert "a_package_that_is_missing" in failure["message"]
    assert "import a_package_that_is_missing" in failure["detail"]


def test_a_litellm_that_exits(spawn, stub_env):
    failure = failed(spawn(env=stub_env("import sys; sys.exit('no licence')")))
    assert "SystemExit: no licence" in failure["message"]


def test_an_old_litellm(spawn, stub_env):
    failure = failed(spawn(env=stub_env(STUB, version="1.70.0")))
    assert failure["code"] == "ERR_LITELLM_VERSION"
    assert "1.70.0" in failure["message"]


def test_another_litellm_is_a_warning(spawn, stub_env):
    channel = spawn(env=stub_env(STUB, version="1.90.0")).ready()
    assert channel.log("litellm 1.90.0 is not a version")["level"] == 30


@pytest.fixture
def preloading(spawn, stub_env, tmp_path):
    env = stub_env(STUB)

    def start(source, *more):
        file = tmp_path / "my_module.py"
        file.write_text(source)
        return spawn(env=env, options={"preload": [str(file), *more]})

    return start


LOGGING_STUB = (
    STUB
    + """
import logging
logger = logging.getLogger("LiteLLM")
logger.addHandler(logging.StreamHandler())
logger.error("at the import")
"""
)


def test_a_line_of_the_import_comes_once(spawn, stub_env, tmp_path):
    preload = tmp_path / "my_module.py"
    preload.write_text("import litellm\nlitellm.logger.error('at the preload')\n")
    worker = spawn(env=stub_env(LOGGING_STUB), options={"preload": [str(preload)]})
    channel = worker.ready()
    channel.log("at the preload")
    texts = [log["text"] for log in channel.logs]
    assert texts == ["at the import", "at the preload"]


def test_a_line_comes_once_from_a_logger_that_does_not_propagate(spawn, stub_env):
    """As LiteLLM's JSON logs are."""
    source = LOGGING_STUB.replace("logger.error", "logger.propagate = False\nlogger.error")
    channel = spawn(env=stub_env(source)).ready()
    assert channel.log("at the import")["source"] == 1, "printed"
    assert len(channel.logs) == 1


def test_preload_runs_before_ready(preloading, tmp_path):
    (tmp_path / "sibling.py").write_text("text = 'from the sibling'\n")
    channel = preloading("import litellm, sibling\nprint(sibling.text)\n").ready()
    assert channel.log("from the sibling")["source"] == 0


def test_preload_of_a_module_by_name(spawn, stub_env):
    channel = spawn(env=stub_env(STUB), options={"preload": ["this"]}).ready()
    channel.log("Beautiful is better than ugly.")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("raise ValueError('my own error')", "ValueError: my own error"),
        ("import sys; sys.exit(4)", "SystemExit: 4"),
        ("def broken(:", "SyntaxError"),
        ("import missing_thing", "missing_thing"),
    ],
)
def test_a_failing_preload(preloading, source, words):
    failure = failed(preloading(source))
    assert failure["code"] == "ERR_PRELOAD"
    assert "my_module.py" in failure["message"] and words in failure["message"]
    assert words.split(":")[0] in failure["detail"]


def test_the_detail_of_a_failing_preload_shows_the_users_frames_alone(preloading):
    source = "def outer():\n    inner()\n\ndef inner():\n    raise ValueError('x')\n\nouter()\n"
    detail = failed(preloading(source))["detail"]
    assert "my_module.py" in detail and "outer()" in detail and "raise ValueError" in detail
    assert "importlib" not in detail and "litellm_bridge" not in detail


def test_the_detail_of_a_missing_import_shows_who_asked_for_it(preloading):
    detail = failed(preloading("import missing_thing"))["detail"]
    assert "import missing_thing" in detail and "No module named 'missing_thing'" in detail
    assert "importlib" not in detail and "litellm_bridge" not in detail


def test_the_detail_shows_what_led_to_the_error(preloading):
    source = (
        "try:\n    import missing_thing\nexcept ImportError as exc:\n    raise ValueError from exc"
    )
    detail = failed(preloading(source))["detail"]
    assert "No module named 'missing_thing'" in detail and "raise ValueError" in detail
    assert "importlib" not in detail and "litellm_bridge" not in detail


def test_a_missing_preload(spawn, stub_env):
    failure = failed(spawn(env=stub_env(STUB), options={"preload": ["no_such_module"]}))
    assert failure["code"] == "ERR_PRELOAD" and "no_such_module" in failure["message"]


def test_a_failing_preload_does_not_tell_keys(preloading, monkeypatch):
    failure = failed(preloading("raise ValueError('Bearer abcdefghijkl')"))
    assert "abcdefghijkl" not in json.dumps(failure)


def test_bad_options_end_with_words(spawn, stub_env):
    worker = spawn(env=stub_env(STUB), options={"logLevel": "LOUD"})
    assert worker.wait() == 78
    assert "logLevel" in worker.output()


def test_no_control_socket_ends_with_words():
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "utf8", str(PACKAGE / "__main__.py")],
        capture_output=True,
        text=True,
        env={},
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 78
    assert done.stderr.startswith("litellm-bridge can't start:")
    assert done.stderr.count("\n") == 1


def test_an_old_python_is_refused_with_one_line():
    source = (PACKAGE / "__main__.py").read_text()
    compile(source, "__main__.py", "exec", dont_inherit=True)
    import ast

    ast.parse(source, feature_version=(3, 6))
    program = f"import sys; sys.version_info = (3, 9, 2, 'final', 0)\nexec({source!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 78
    assert "needs Python 3.11 or newer" in done.stderr and "Python 3.9" in done.stderr
    assert done.stderr.count("\n") == 1


def test_orjson_is_used_though_it_is_imported_after_the_worker(spawn, tmp_path):
    """The worker's modules come before the folders of packages are known."""
    module = tmp_path / "says_json.py"
    module.write_text(
        "import logging, orjson\nfrom litellm_bridge import jsonio\n"
        "logging.getLogger('test').warning('used: %s', jsonio.orjson is orjson)\n"
    )
    channel = spawn(options={"preload": [str(module)]}).ready()
    assert channel.log("used: ")["text"].endswith("used: True")
