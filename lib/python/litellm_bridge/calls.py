"""One call in flight: its credit, its frames, its one settlement."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from . import frames, jsonio
from .channel import Channel
from .flow import Credit
from .frames import CallRequest, Times
from .redact import argument_secrets

Meta = dict[str, Any]


class Call:
    """Used on the loop's thread. The channel outlives it, or is closed."""

    def __init__(self, channel: Channel, call_id: int, request: CallRequest) -> None:
        self.channel = channel
        self.id = call_id
        self.name = request.name
        self.is_stream = request.kind == frames.STREAM
        self.credit = Credit(request.window)
        self.task: asyncio.Task[None] | None = None
        self.cancelled = False
        self.settled = False
        self.responses: list[Any] = []  # httpx responses that this call opened
        self.wrappers: list[Any] = []  # LiteLLM's stream wrappers made for it
        self.on_wrapper: Callable[[Any], None] | None = None  # called with each new one
        self.counts: list[int] = []  # tokens, as LiteLLM counted them itself
        self.account: Callable[[], Meta] | None = None  # of a stream: usage and cost so far
        self.started_ns = 0
        self.responded_ns = 0
        self._raw_arguments = request.arguments

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """ValueError when they are not a JSON object."""
        value = jsonio.loads(self._raw_arguments)
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        self._raw_arguments = b""
        return value

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Credentials among the arguments, to be kept out of texts."""
        try:
            return argument_secrets(self.arguments)
        except (ValueError, RecursionError):
            return frozenset()

    def release(self) -> None:
        """After the settlement: a task of LiteLLM's may keep its context, and so this call, for
        ever; only what its log lines need stays."""
        _ = self.secrets
        self.__dict__.pop("arguments", None)
        self._raw_arguments = b"{}"
        self.account = None
        self.wrappers.clear()
        self.counts.clear()

    def start(self) -> None:
        self.started_ns = time.monotonic_ns()

    def respond(self) -> None:
        """The first of the answer is here: the whole response, or the first chunk."""
        if not self.responded_ns:
            self.responded_ns = time.monotonic_ns()

    def cancel(self) -> None:
        self.cancelled = True
        if self.task is not None:
            self.task.cancel()

    def may_send(self, size: int) -> bool:
        """Whether credit and socket allow a message of so many bytes, and it fits one frame."""
        return size <= frames.FRAGMENT and self.credit.open and not self.channel.congested

    def try_send(self, kind: int, payload: bytes) -> bool:
        """Sends a message if it may be sent now. False: use send."""
        if not self.may_send(len(payload)):
            return False
        self.put(kind, payload)
        return True

    def try_send_all(self, messages: Sequence[tuple[int, bytes]]) -> int:
        """try_send for many, in one write. Returns how many it sent."""
        if self.channel.congested:
            return 0
        parts: list[bytes] = []
        left = self.credit.left
        for kind, payload in messages:
            size = len(payload)
            if size > frames.FRAGMENT or left <= 0:
                break
            left -= frames.COST + size
            parts.append(frames.encode(self.id, kind, payload))
        if parts:
            self.credit.left = left
            self.channel.send(parts[0] if len(parts) == 1 else b"".join(parts))
        return len(parts)

    async def send(self, kind: int, payload: bytes, flags: int = 0) -> None:
        """Sends a message that costs credit, in fragments, each when there is room for it."""
        for part, more in frames.split(payload):
            await self.credit.wait()
            await self.channel.drain()
            self.put(kind, part, flags | more)

    def put(self, kind: int, part: bytes, flags: int = 0) -> None:
        """Sends one frame, which may be sent."""
        self.credit.left -= frames.COST + len(part)
        self.channel.send(frames.encode(self.id, kind, part, flags))

    async def settle_result(self, meta: Meta, body: bytes, flags: int) -> None:
        await self.send(frames.RESULT, self._settlement(meta, body), flags)
        self.settled = True  # no await since the last fragment: a cancel can't come between

    def settle(self, kind: int, meta: Meta) -> None:
        """Sends end or error, which cost nothing and never wait. Once: later ones are void."""
        if self.settled:
            return
        payload = self._settlement(meta)
        self.settled = True
        for part, more in frames.split(payload):
            self.channel.send(frames.encode(self.id, kind, part, more))

    def _settlement(self, meta: Meta, body: bytes = b"") -> bytes:
        times = Times(self.started_ns, self.responded_ns, time.monotonic_ns())
        return frames.settlement(times, jsonio.dumps(meta), body)
