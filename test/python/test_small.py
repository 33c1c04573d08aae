"""Options, memory, clock, native output, the import's measures."""

from __future__ import annotations

import gc
import json
import logging
import os
import time

import pytest

from litellm_bridge import clock, engine, measures, memory, options
from litellm_bridge.errors import BridgeError
from litellm_bridge.native import KEPT, NativeOutput


def take(value):
    environ = {options.VARIABLE: value if isinstance(value, str) else json.dumps(value)}
    settings = options.take(environ)
    assert environ == {}, "the options must be gone for processes that we start"
    return settings


def test_options():
    settings = take(
        {"parent": 12, "preload": ["a", "b.py"], "logLevel": "debug", "corrections": False}
    )
    assert settings == options.Options(12, ("a", "b.py"), logging.DEBUG, corrections=False)


def test_options_have_defaults():
    assert take({}) == options.take({}) == options.Options(None, (), logging.INFO)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ({"parent": "12"}, "parent"),
        ({"parent": True}, "parent"),
        ({"preload": "a.py"}, "preload"),
        ({"preload": [1]}, "preload"),
        ({"logLevel": "LOUD"}, "logLevel"),
        ({"corrections": 1}, "corrections"),
    ],
)
def test_bad_options_are_named(value, name):
    with pytest.raises(options.OptionsError, match=name):
        take(value)


@pytest.fixture
def kernel(tmp_path):
    def write(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    write("proc/self/statm", "1000 250 30 1 0 100 0\n")
    write("proc/meminfo", "MemTotal:  8000 kB\nMemFree: 1 kB\n")
    return write


def test_memory_of_the_machine(kernel, tmp_path):
    page = os.sysconf("SC_PAGE_SIZE")
    found = memory.measure(str(tmp_path))
    assert (found["rss"], found["vms"]) == (250 * page, 1000 * page)
    assert found["percent"] == round(100 * 250 * page / (8000 * 1024), 2)


def test_memory_of_a_container(kernel, tmp_path):
    kernel("sys/fs/cgroup/memory.max", f"{500 * os.sysconf('SC_PAGE_SIZE')}\n")
    assert memory.measure(str(tmp_path))["percent"] == 50.0


def test_memory_without_a_limit(kernel, tmp_path):
    kernel("sys/fs/cgroup/memory.max", "max\n")
    assert memory.available(str(tmp_path)) == 8000 * 1024


def test_memory_where_the_kernel_does_not_tell(tmp_path):
    assert memory.measure(str(tmp_path)) == {"rss": 0, "vms": 0, "percent": 0.0}


def test_memory_of_this_process_is_real():
    found = memory.measure()
    assert 1 << 20 < found["rss"] <= found["vms"]
    assert 0 < found["percent"] < 100


def test_the_interpreter_started_before_now():
    lived_ms = clock.interpreter_ms(time.monotonic_ns())
    assert lived_ms > 0
    assert clock.interpreter_ms(time.monotonic_ns() + 10**9) >= lived_ms + 1000


class Emitted(list):
    def emit(self, level, source, text):
        self.append(text)


@pytest.fixture
def memfd():
    fd = os.memfd_create("out")
    yield fd
    os.close(fd)


def append(fd, data):
    os.lseek(fd, 0, os.SEEK_END)
    os.write(fd, data)


def test_native_output_is_forwarded_once(memfd):
    sink = Emitted()
    native = NativeOutput(sink, memfd)
    append(memfd, b"one\ntwo\n")
    native.forward()
    native.forward()
    append(memfd, b"three \xff\n")
    native.forward()
    assert sink == ["one", "two", "three \\xff"]
    assert os.pread(memfd, 3, 0) == b"one", "they stay: they may be the last words"


def test_native_output_is_cut_back(memfd):
    sink = Emitted()
    native = NativeOutput(sink, memfd)
    append(memfd, b"x" * (KEPT + 10) + b"\nlast\n")
    native.forward()
    assert os.fstat(memfd).st_size == 0
    assert sink[-1] == "last"
    append(memfd, b"next\n")
    native.forward()
    assert sink[-1] == "next"


def test_native_output_that_is_a_pipe_is_left_alone():
    read, write = os.pipe()
    os.write(write, b"text")
    sink = Emitted()
    NativeOutput(sink, write).forward()
    assert sink == [] and os.read(read, 9) == b"text"
    os.close(read)
    os.close(write)


def test_the_collector_rests_and_then_works_again():
    try:
        with measures.applied({}):
            assert not gc.isenabled()
        assert gc.isenabled() and gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("version", ["1.78.6", "1.9.0", "0.1.7"])
def test_an_old_litellm_is_refused(version):
    with pytest.raises(BridgeError, match=version) as caught:
        engine.check_version(version)
    assert caught.value.code == "ERR_LITELLM_VERSION"


@pytest.mark.parametrize("version", ["1.78.7", "1.79.0", "2.0.0", "1.103.7", "unknown"])
def test_a_newer_litellm_is_served(version):
    engine.check_version(version)


@pytest.mark.parametrize(
    ("version", "warned"), [("1.78.7", 0), ("1.103.7", 0), ("1.80.0", 1), ("unknown", 1)]
)
def test_an_untested_litellm_is_a_warning(version, warned, caplog):
    engine.warn_if_untested(version)
    assert len(caplog.records) == warned
