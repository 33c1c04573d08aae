"""Node's side of the protocol in plain Python: starts the real worker and talks to it."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litellm_bridge import frames

PACKAGE = Path(__file__).parents[2] / "lib" / "python" / "litellm_bridge"
DEADLINE_S = 60.0  # for a machine under load; nothing is expected to take so long
HEAD = struct.Struct("<QQQI")
SLOTS = {
    1: ("content",),
    2: ("reasoning_content",),
    3: ("tool_calls", 0, "function", "arguments"),
}


class Timeout(AssertionError):
    pass


def until(condition, what: str):
    """Waits for the state, not for a time."""
    deadline = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Timeout(f"waited in vain for: {what}")
        time.sleep(0.002)
    return value


@dataclass
class Answer:
    kind: int
    flags: int
    times: tuple[int, int, int]
    meta: dict[str, Any]
    body: bytes
    chunks: list[Any] = field(default_factory=list)
    types: list[int] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """All the text of a chat stream."""
        return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in self.chunks)


class Chunks:
    """Builds chunks from template, delta and chunk frames, as lib/ does."""

    def __init__(self) -> None:
        self._slot, self._template = 0, ""

    def take(self, kind: int, payload: bytes) -> Any:
        if kind == frames.CHUNK:
            return json.loads(payload)
        if kind == frames.TEMPLATE:
            self._slot, self._template = payload[0], payload[4:].decode()
            return json.loads(self._template)
        chunk = json.loads(self._template)
        holder = chunk["choices"][0]["delta"]
        *path, key = SLOTS[self._slot]
        for step in path:
            holder = holder[step]
        holder[key] = payload.decode()
        return chunk


class PeerChannel:
    """One channel. Frames are kept until somebody asks for them."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._decoder = frames.Decoder()
        self.frames: list[frames.Frame] = []
        self.logs: list[dict[str, Any]] = []
        self.eof = False
        self._last_id = 0

    def call(self, name, arguments=None, *, stream=False, window=1 << 20, raw=None) -> int:
        self._last_id += 1
        text = name.encode()
        kind = frames.STREAM if stream else frames.WHOLE
        body = json.dumps(arguments or {}).encode() if raw is None else raw
        payload = struct.pack("<IBBH", window, kind, 0, len(text)) + text + body
        for part, more in frames.split(payload):
            self.send(frames.encode(self._last_id, frames.CALL, part, more))
        return self._last_id

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def cancel(self, call: int) -> None:
        self.send(frames.encode(call, frames.CANCEL))

    def credit(self, call: int, more: int) -> None:
        self.send(frames.encode(call, frames.CREDIT, struct.pack("<I", more)))

    def read(self, timeout_s: float = DEADLINE_S) -> bool:
        """One read of the socket. False: nothing came in the time, or the end."""
        self.sock.settimeout(timeout_s)
        try:
            data = self.sock.recv(1 << 18)
        except TimeoutError:
            return False
        except ConnectionResetError:
            data = b""
        if not data:
            self.eof = True
            return False
        for frame in self._decoder.feed(data):
            if frame.type == frames.LOG:
                self.logs.append(read_log(frame.payload))
            else:
                self.frames.append(frame)
        return True

    def wait(self, matches, what: str) -> frames.Frame:
        """Takes out the first frame that matches."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            for frame in self.frames:
                if matches(frame):
                    self.frames.remove(frame)
                    return frame
            if self.eof:
                raise AssertionError(f"the channel ended; waited for: {what}")
            if time.monotonic() > deadline:
                raise Timeout(f"waited in vain for: {what}; have {self.frames!r}")
            self.read(1.0)

    def message(self, kind: int) -> dict[str, Any]:
        """hello, ready or failed."""
        return json.loads(self.wait(lambda f: f.type == kind, f"type 0x{kind:02x}").payload)

    def answer(self, call: int, *, grant: bool = True) -> Answer:
        """All of a call until it is settled. grant: credit is given back as frames come."""
        chunks, made, types = Chunks(), [], []
        payload, flags = b"", 0
        while True:
            frame = self.wait(lambda f: f.call == call, f"call {call}")
            if grant and frame.type not in (frames.END, frames.ERROR):
                self.credit(call, frames.COST + len(frame.payload))
            payload += frame.payload
            flags |= frame.flags & frames.BINARY
            if frame.flags & frames.MORE:
                continue
            types.append(frame.type)
            if frame.type in (frames.RESULT, frames.END, frames.ERROR):
                return read_settlement(frame.type, flags, payload, made, types)
            made.append(chunks.take(frame.type, payload))
            payload = b""

    def settlement(self, call: int) -> frames.Frame:
        """What settles the call; what comes before it is passed over."""
        kinds = (frames.RESULT, frames.END, frames.ERROR)
        return self.wait(lambda f: f.call == call and f.type in kinds, f"the end of {call}")

    def do(self, name, arguments=None, **options) -> Answer:
        return self.answer(self.call(name, arguments, **options))

    def log(self, text: str) -> dict[str, Any]:
        """The log record that has this text."""

        def find():
            return next((log for log in self.logs if text in log["text"]), None)

        deadline = time.monotonic() + DEADLINE_S
        while (found := find()) is None:
            if self.eof or time.monotonic() > deadline:
                raise Timeout(f"no log line with {text!r} in {self.logs!r}")
            self.read(1.0)
        return found

    def close(self) -> None:
        self.sock.close()


def read_settlement(kind, flags, payload, chunks, types) -> Answer:
    *times, length = HEAD.unpack_from(payload)
    end = HEAD.size + length
    meta = json.loads(payload[HEAD.size : end])
    return Answer(kind, flags, tuple(times), meta, payload[end:], chunks, types)


def read_log(payload: bytes) -> dict[str, Any]:
    level, source, length, call = struct.unpack_from("<BBHI", payload)
    rest = payload[8:]
    return {
        "level": level,
        "source": source,
        "call": call,
        "logger": rest[:length].decode(),
        "text": rest[length:].decode(),
    }


class Worker:
    """The real worker process, with descriptors as docs/protocol.md has them."""

    def __init__(self, *, options=None, env=None, python=None, stray: int | None = None) -> None:
        """stray: a descriptor that is left open in the worker by mistake."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lifeline, self._lifeline = os.pipe()
        self._output = os.memfd_create("worker-output")
        fcntl.fcntl(self._output, fcntl.F_SETFL, os.O_APPEND)
        null = os.open("/dev/null", os.O_RDWR)
        settings = {"parent": os.getpid(), **(options or {})}
        sources = (null, self._output, self._output, theirs.fileno(), lifeline)
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in sources]
        actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(high)]
        if stray is not None:
            actions.append((os.POSIX_SPAWN_DUP2, high[0], stray))
        python = python or sys.executable
        self.pid = os.posix_spawn(
            python,
            [python, "-I", "-S", "-X", "utf8", str(PACKAGE / "__main__.py")],
            {
                **(os.environ if env is None else env),
                "LITELLM_BRIDGE_OPTIONS": json.dumps(settings),
            },
            file_actions=actions,
            setpgroup=0,
        )
        for fd in (*high, null, lifeline):
            os.close(fd)
        theirs.close()
        self._pidfd = os.pidfd_open(self.pid)
        self._status: int | None = None

    def connect(self) -> PeerChannel:
        ours, theirs = socket.socketpair()
        socket.send_fds(self._control, [b"c"], [theirs.fileno()])
        theirs.close()
        return PeerChannel(ours)

    def ready(self) -> PeerChannel:
        channel = self.connect()
        channel.message(frames.READY)
        return channel

    def goodbye(self) -> None:
        self._control.send(b"g")

    def close_control(self) -> None:
        self._control.close()

    def cut_lifeline(self) -> None:
        os.close(self._lifeline)
        self._lifeline = -1

    def output(self) -> str:
        """What was written to its fd 1 and 2 and is still there."""
        return os.pread(self._output, 1 << 20, 0).decode()

    def output_size(self) -> int:
        return os.fstat(self._output).st_size

    def wait(self) -> int:
        """The exit status; minus the signal's number when it was killed."""
        if self._status is None:
            ready, _, _ = select.select([self._pidfd], [], [], DEADLINE_S)
            if not ready:
                raise Timeout("the worker did not end")
            _, status = os.waitpid(self.pid, 0)
            self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def kill(self) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
        for fd in (self._pidfd, self._output, self._lifeline):
            if fd >= 0:
                os.close(fd)
        self._control.close()
