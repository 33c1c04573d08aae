"""`llm.runPython()`: a program in a process of its own, with our interpreter, environment and
sys.path.

The program goes in by stdin, never by argv, which every user of the machine can read. None of the
protocol's descriptors go along.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from .errors import BridgeError, InvalidArgument

LONGEST_OUTPUT = 16 * 1024 * 1024  # bytes, of stdout and of stderr
STDOUT, STDERR = 1, 2
_NAMES = {STDOUT: "stdout", STDERR: "stderr"}
_MAIN = str(Path(__file__).with_name("snippet_main.py"))
_FLAGS = ("-I", "-S", "-X", "utf8")


async def run_python(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """stdout, stderr, exitCode and signal of the process, once it and its group have ended.

    Cancelled: its group is killed. BridgeError ERR_MEMORY, and the group is killed, when it writes
    more than LONGEST_OUTPUT.
    """
    code = arguments.get("code")
    if not isinstance(code, str):
        raise InvalidArgument("runPython: the code is not a string")
    lifeline = Lifeline()
    try:
        snippet = await _spawn(lifeline)
        try:
            snippet.feed({"code": code, "path": sys.path})
            await snippet.ended
        finally:
            snippet.kill()
        return snippet.result()
    finally:
        lifeline.close()


class Lifeline:
    """A pipe that carries no data: its cut ends the process group of who armed its far end.

    The kernel does it, so it also works when this process is killed.
    """

    def __init__(self) -> None:
        self.far, self._near = os.pipe()

    def cut(self) -> None:
        near, self._near = self._near, -1
        if near >= 0:
            os.close(near)

    def close(self) -> None:
        """The far end goes last: without it, the cut would reach nobody."""
        self.cut()
        os.close(self.far)


async def _spawn(lifeline: Lifeline) -> Snippet:
    loop = asyncio.get_running_loop()
    command = (sys.executable, *_FLAGS, _MAIN, str(lifeline.far))
    _, protocol = await loop.subprocess_exec(
        lambda: Snippet(lifeline, loop.create_future()),
        *command,
        pass_fds=(lifeline.far,),
        start_new_session=True,  # a process group of its own
    )
    return protocol


class Snippet(asyncio.SubprocessProtocol):
    """The process. ended: it is gone and its output is read, or it wrote too much."""

    def __init__(self, lifeline: Lifeline, ended: asyncio.Future[None]) -> None:
        self.ended = ended
        self._lifeline = lifeline
        self._output = {STDOUT: bytearray(), STDERR: bytearray()}
        self._transport: asyncio.SubprocessTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def feed(self, program: Mapping[str, Any]) -> None:
        stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        stdin.write(json.dumps(program).encode())
        stdin.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        output = self._output[fd]
        output += data
        if len(output) > LONGEST_OUTPUT and not self.ended.done():
            text = f"runPython: more than {LONGEST_OUTPUT} bytes came on {_NAMES[fd]}"
            self.ended.set_exception(BridgeError("ERR_MEMORY", text))

    def process_exited(self) -> None:
        """What it left running would keep its output open, and outlive the call."""
        self._lifeline.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def kill(self) -> None:
        if self._transport.get_returncode() is None:
            os.killpg(self._transport.get_pid(), signal.SIGKILL)
        self._transport.close()

    def result(self) -> dict[str, Any]:
        status = cast(int, self._transport.get_returncode())
        return {
            "stdout": self._output[STDOUT].decode(errors="replace"),
            "stderr": self._output[STDERR].decode(errors="replace"),
            "exitCode": status if status >= 0 else None,
            "signal": signal.Signals(-status).name if status < 0 else None,
        }
