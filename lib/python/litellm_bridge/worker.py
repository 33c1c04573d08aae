"""The process: starts up in order, serves every channel on one loop, ends when Node does.

    descriptors, options, paths -> hello -> import litellm -> preload -> ready -> serve

The import runs on the main thread between two reads of the control socket: channels that come
meanwhile get their hello after it.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import socket
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, NoReturn

from . import (
    backlog,
    engine,
    frames,
    jsonio,
    loops,
    memory,
    options,
    preload,
    process,
    requests,
    sites,
    stdio,
)
from .archive import importing
from .calls import Call
from .channel import Channel
from .clock import interpreter_ms, milliseconds
from .control import Control, watch_parent
from .dispatch import Dispatcher
from .errors import BridgeError
from .logs import LogSink
from .native import NativeOutput
from .redact import redact
from .requests.garbage import Freezer
from .run import run_call, settle_unstarted
from .session import Session
from .warm.warmer import Warmer

EXIT_CONFIG = 78
EXIT_DEFECT = 70  # EX_SOFTWARE of sysexits.h
EXIT_PROTOCOL = 76  # EX_PROTOCOL of sysexits.h
FIRST_CHANNEL_S = 0.1  # Node passes the first channel as soon as we are spawned
GOODBYE_S = 0.5  # Node sends SIGTERM a second after its goodbye
GONE_S = 0.2
FORBID_DUMPS_AFTER_S = 0.05
BLOCKING_CALLS = 16  # threads for functions that may block

_logger = logging.getLogger("litellm_bridge")


def main(begun_ns: int, archive: importing.Installed) -> NoReturn:
    """begun_ns: CLOCK_MONOTONIC at the first line of ours. Never returns."""
    process.keep_private(process.CONTROL_FD, process.LIFELINE_FD)
    process.arm_lifeline()
    faulthandler.enable(2)  # a crash leaves its traceback among the last words
    try:
        settings = options.take(os.environ)
        control = socket.socket(fileno=process.CONTROL_FD)
    except (options.OptionsError, OSError) as exc:
        end(EXIT_CONFIG, f"litellm-bridge can't start: {exc}")
    engine.prepare_environment(os.environ)
    sites.extend(sys.path, os.environ, sys.executable)
    try:
        Worker(settings, control, begun_ns, archive).run()
    except BaseException:  # sys.stderr is the log by now, and nobody would send it
        end(EXIT_DEFECT, redact(traceback.format_exc()))


def end(status: int, words: str = "") -> NoReturn:
    """Ends the process without further ado. words: for Node's error text."""
    if words:
        os.write(2, f"{words}\n".encode())
    os._exit(status)


class Worker:
    """Owns the loop, the control socket, the sessions and the log."""

    def __init__(
        self,
        settings: options.Options,
        control: socket.socket,
        begun_ns: int,
        archive: importing.Installed,
    ) -> None:
        self._settings = settings
        self._archive = archive
        self._begun_ns = begun_ns
        self._loop = loops.new_loop()
        asyncio.set_event_loop(self._loop)
        self._control = Control(control, self._add_channel, self._goodbye, self._gone)
        self._sink = LogSink(self._loop)
        self._stdio = stdio.Stdio(self._sink)
        self._native = NativeOutput(self._sink)
        self._sessions: list[Session] = []
        self._warmer = Warmer(archive.later)
        self._ready: asyncio.Future[Dispatcher] = self._loop.create_future()
        self._litellm: ModuleType | None = None  # once it is imported
        self._announcement: tuple[int, bytes] | None = None  # ready or failed
        self._ending = False
        self._freezer = None if "garbage" in engine.off() else Freezer()

    def run(self) -> NoReturn:
        self._stdio.install()
        stdio.install_logging(self._sink, self._settings.log_level)
        stdio.keep_single(self._stdio, engine.LOGGERS)
        self._control.wait(FIRST_CHANNEL_S)
        self._control.read()
        try:
            self._start()
        except BridgeError as exc:
            self._fail(exc)
        watch_parent(self._loop, self._settings.parent, self._gone)
        self._control.start(self._loop)
        self._serve()

    def _start(self) -> None:
        imported_ns = time.monotonic_ns()
        preload.check(self._settings.preload)
        litellm, version = engine.load(self._settings.corrections)
        self._litellm = litellm
        took_ns = time.monotonic_ns() - imported_ns
        stdio.quiet(engine.LOGGERS)
        preload.load(self._settings.preload)
        stdio.quiet(engine.LOGGERS)
        self._native.forward()
        self._archive.rest()
        timings = {
            "interpreter": interpreter_ms(self._begun_ns, self._settings.begun_ms),
            "bootstrap": milliseconds(imported_ns - self._begun_ns),
            "import": milliseconds(took_ns),
        }
        self._control.read()
        self._announce(
            frames.READY,
            {"litellm": version, "memory": memory.measure(), "timings": timings},
        )
        requests.use_executor(self._loop, litellm, version, engine.off())
        pool = ThreadPoolExecutor(BLOCKING_CALLS, thread_name_prefix="litellm-bridge")
        self._ready.set_result(Dispatcher(litellm, pool, self._warmer))
        for warning in self._archive.warnings():
            _logger.warning("%s", warning)
        self._loop.call_later(FORBID_DUMPS_AFTER_S, process.forbid_dumps)

    def _fail(self, error: BridgeError) -> NoReturn:
        self._native.forward()
        self._control.read()
        message = {"code": error.code, "message": str(error)[:8192], "detail": error.detail[:8192]}
        self._announce(frames.FAILED, message)
        self._exit(1)

    def _serve(self) -> NoReturn:
        """Runs the loop. A callback of LiteLLM that raises SystemExit must not end it."""
        while True:
            try:
                self._loop.run_forever()
            except SystemExit as exc:
                _logger.error("something called sys.exit(%s); it was ignored", exc.code)

    # -- channels and calls

    def _add_channel(self, sock: socket.socket) -> None:
        channel = Channel(self._loop, sock)
        session = Session(channel, self._begin)
        channel.on_frame = session.receive
        channel.on_close = lambda: self._lose(session)
        channel.on_violation = self._violation
        self._sessions.append(session)
        self._send(channel, frames.HELLO, _hello())
        self._sink.attach(channel)
        if self._announcement is not None:
            channel.send(frames.encode(0, *self._announcement))
        channel.start()

    def _begin(self, call: Call) -> None:
        self._warmer.began(call)
        call.task = self._loop.create_task(run_call(call, self._ready))
        call.task.add_done_callback(lambda _: self._finished(call))

    def _finished(self, call: Call) -> None:
        settle_unstarted(call)
        for session in self._sessions:
            if session.channel is call.channel:
                session.finished(call)
        self._stdio.finish_call(call)
        self._warmer.ended(call, self._litellm)
        call.release()
        backlog.relieve()
        is_idle = not any(map(len, self._sessions))
        if self._freezer is not None and self._freezer.call_ended(is_idle=is_idle):
            self._archive.rest()  # what the first calls imported has been read
        self._native.forward()

    def _lose(self, session: Session) -> None:
        """A Node environment ended: its calls are of no more use; the others' go on."""
        self._sessions.remove(session)
        self._sink.detach(session.channel)
        session.cancel_all()

    def _violation(self, error: frames.ProtocolError) -> None:
        end(EXIT_PROTOCOL, f"litellm-bridge: Node sent what is not of the protocol: {error}")

    def _announce(self, kind: int, message: dict[str, Any]) -> None:
        self._announcement = kind, jsonio.dumps(message)
        for session in self._sessions:
            session.channel.send(frames.encode(0, *self._announcement))

    @staticmethod
    def _send(channel: Channel, kind: int, message: dict[str, Any]) -> None:
        channel.send(frames.encode(0, kind, jsonio.dumps(message)))

    # -- the end

    def _goodbye(self) -> None:
        self._wind_up(GOODBYE_S)

    def _gone(self) -> None:
        self._wind_up(GONE_S)

    def _wind_up(self, grace_s: float) -> None:
        """Cancels what runs, gives it grace_s to close its connections, and exits."""
        if self._ending:
            return
        self._ending = True
        if not self._loop.is_running():
            self._exit(0)
        for session in self._sessions:
            session.cancel_all()
        self._loop.create_task(self._leave(grace_s))

    async def _leave(self, grace_s: float) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()} - set(self._warmer.residents)
        if others:
            await asyncio.wait(others, timeout=grace_s)
        self._exit(0)

    def _exit(self, status: int) -> NoReturn:
        self._sink.flush()
        for session in self._sessions:
            session.channel.flush_blocking(timeout_s=1.0 if status else 0.1)
        end(status)


def _hello() -> dict[str, Any]:
    return {
        "protocol": frames.VERSION,
        "pid": os.getpid(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
    }
