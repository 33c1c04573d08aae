#!/usr/bin/env python3
"""A scripted worker for the C tests. PEER in the environment names what it does. Later channels are greeted."""

import array
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

HEADER = struct.Struct("<IIBBH")
HOW = os.environ.get("PEER", "answer")
control = socket.socket(fileno=3)


def send(channel, call, kind, payload):
    channel.sendall(HEADER.pack(len(payload), call, kind, 0, 0) + payload)


def say(channel, kind, **message):
    send(channel, 0, kind, json.dumps(message).encode())


def hello(channel, protocol=1):
    say(
        channel,
        0x41,
        protocol=protocol,
        pid=os.getpid(),
        python="3.11.2",
        executable=sys.executable,
    )


def ready(channel):
    timings = {"interpreter": 1, "bootstrap": 2, "import": 3}
    say(channel, 0x42, litellm="1.78.7", memory={"rss": 1, "vms": 2, "percent": 3}, timings=timings)


def next_channel():
    """A channel, or None at goodbye and at the end of the control socket."""
    data, ancillary, _, _ = control.recvmsg(16, socket.CMSG_LEN(16), socket.MSG_CMSG_CLOEXEC)
    if data != b"c":
        return None
    return socket.socket(fileno=array.array("i", ancillary[0][2][:4])[0])


def answer(channel):
    """Answers each call with a result, until the end of the channel."""
    while True:
        head = channel.recv(12, socket.MSG_WAITALL)
        if len(head) < 12:
            return
        length, call, kind, _, _ = HEADER.unpack(head)
        channel.recv(length, socket.MSG_WAITALL) if length else b""
        if kind == 1:
            send(channel, call, 0x11, struct.pack("<QQQI", 1, 2, 3, 2) + b"{}" + b'"answer"')


def main():
    if HOW == "broken":
        print("No module named 'encodings'", file=sys.stderr)
        sys.exit(1)
    if HOW == "group":
        sleeper = subprocess.Popen(["sleep", "600"])
    if HOW == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    channel = next_channel()
    if HOW == "mute":
        time.sleep(600)
    if HOW.startswith("raw "):  # frames of the channel, as "type payload", with bars between them
        for frame in HOW[4:].split("|"):
            kind, _, payload = frame.partition(" ")
            send(channel, 0, int(kind, 16), payload.encode())
        time.sleep(600)
    if HOW == "state":
        print(repr(open("/proc/self/status").read()), flush=True)
    hello(channel, 99 if HOW == "version" else 1)
    if HOW == "failed":
        say(
            channel,
            0x43,
            code="ERR_PRELOAD",
            message="preload 'x.py' failed",
            detail="ValueError: no",
        )
        sys.exit(1)
    if HOW == "garbage":
        channel.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        time.sleep(600)
    ready(channel)
    if HOW == "state":
        sys.exit(7)
    if HOW == "hangup":
        channel.close()
        time.sleep(600)
    if HOW == "group":
        send(channel, 0, 0x44, struct.pack("<BBHI", 20, 0, 0, 0) + str(sleeper.pid).encode())
    while HOW == "flood":
        send(channel, 0, 0x44, struct.pack("<BBHI", 20, 0, 0, 0) + b"x" * 4000)
    if HOW == "deaf":
        time.sleep(600)
    kept = []  # else each would be closed when the next one comes
    while channel is not None:
        if HOW == "greet":
            kept.append(channel)
        elif HOW == "answer" and os.fork() == 0:  # the other process listens to the control socket
            answer(channel)
            os._exit(0)
        channel = next_channel()
        if channel is not None:
            hello(channel)
            ready(channel)


main()
