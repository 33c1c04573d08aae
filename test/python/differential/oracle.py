"""Plain LiteLLM and the fast path on the same bytes, and what there is to see of both."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import litellm
import openai
from litellm.integrations.custom_logger import CustomLogger
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

from litellm_bridge import frames
from litellm_bridge.accounts import StreamAccount
from litellm_bridge.calls import Call
from litellm_bridge.chunks import plain
from litellm_bridge.context import current_call
from litellm_bridge.fast import FastStream, fitting
from peer import Chunks

litellm.suppress_debug_info = True  # it prints with each error otherwise

MESSAGES = [{"role": "user", "content": "hi"}]
LOG_WAIT_S = 5.0
SILENCE_S = 0.02  # after the last task has ended
LOST = object()  # a piece that is the loss of the connection


class Pieces(httpx.AsyncByteStream):
    """A response's body in exactly these reads; a server's could be merged on their way."""

    def __init__(self, pieces: list[Any]) -> None:
        self._pieces = pieces

    async def __aiter__(self):
        for piece in self._pieces:
            if piece is LOST:
                raise httpx.ReadError("connection lost")
            yield piece


class Transport(httpx.AsyncBaseTransport):
    """Answers every request with the pieces that were set."""

    pieces: list[Any] = []

    async def handle_async_request(self, request):
        headers = {"content-type": "text/event-stream", "x-request-id": "req-1"}
        return httpx.Response(200, headers=headers, stream=Pieces(self.pieces))


class Recorder(CustomLogger):
    """What a registered callback sees."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        self.seen.append(("success", *_logged(kwargs), plain(response_obj)))

    async def async_log_failure_event(self, kwargs, response_obj, start_time, end_time):
        self.seen.append(("failure", *_logged(kwargs), _error(kwargs.get("exception"))))


_RECORDER = Recorder()  # LiteLLM takes one of each class


def _logged(kwargs) -> tuple[Any, ...]:
    standard = kwargs.get("standard_logging_object") or {}
    names = ("response_cost", "total_tokens", "prompt_tokens", "completion_tokens", "status")
    names += ("model", "response", "error_str")
    timed = kwargs.get("completion_start_time") is not None
    return timed, {name: standard.get(name) for name in names}


def _error(exc: BaseException | None) -> Any:
    if exc is None:
        return None
    return type(exc).__name__, getattr(exc, "status_code", None), str(exc)


@dataclass
class Outcome:
    """All that can be compared."""

    chunks: list[Any] = field(default_factory=list)
    error: Any = None
    meta: Any = None
    logged: list[Any] = field(default_factory=list)
    state: Any = None
    given: int = 0  # events that LiteLLM was given

    def facts(self) -> dict[str, Any]:
        names = ("chunks", "error", "meta", "logged", "state")
        return {name: normal(getattr(self, name)) for name in names}


_RANDOM_ID = re.compile(r"chatcmpl-[0-9a-f-]{36}")
# A clock's value, and where in LiteLLM's code an error was raised.
_VOLATILE = {"created", "created_at", "expires_at", "startTime", "endTime"}


def normal(value: Any) -> Any:
    """Without the values that differ between two runs of the same."""
    if isinstance(value, dict):
        return {k: 0 if k in _VOLATILE else normal(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [normal(item) for item in value]
    if isinstance(value, str):
        value = _RANDOM_ID.sub("chatcmpl-random", value)
        return re.sub(r"Traceback \(most recent call last\):[\s\S]*", "Traceback", value)
    return value


class Wire:
    """A channel that keeps the frames."""

    congested = False
    closed = False

    def __init__(self) -> None:
        self.data = bytearray()

    def send(self, data: bytes) -> None:
        self.data += data

    async def drain(self) -> None:
        pass


class Bench:
    """Runs streams of one provider. Used on one loop."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._transport = Transport()
        http = httpx.AsyncClient(transport=self._transport)
        base = {"api_key": "k", "http_client": http, "max_retries": 0}
        self._client: Any = openai.AsyncOpenAI(**base)
        if provider == "azure":
            self._client = openai.AsyncAzureOpenAI(
                azure_endpoint="http://provider", api_version="2024-06-01", **base
            )
        if provider not in ("openai", "azure"):
            self._client = AsyncHTTPHandler()
            self._client.client = http
        self._recorder = _RECORDER

    async def both(self, pieces: list[Any], **extra: Any) -> tuple[Outcome, Outcome]:
        plain = await self.run(_plainly, pieces, **extra)
        return plain, await self.run(_fast, pieces, expected=len(plain.logged), **extra)

    async def run(self, way, pieces: list[Any], expected: int = 0, **extra: Any) -> Outcome:
        """expected: how many events a callback should see."""
        self.answer(pieces)
        self._recorder.seen = []
        litellm.callbacks = [self._recorder]
        before = asyncio.all_tasks()
        outcome = Outcome()
        call = Call(Wire(), 1, frames.CallRequest(1 << 40, frames.STREAM, "completion", b"{}"))
        current_call.set(call)
        wrapper = await self.open(**extra)
        account = StreamAccount(call, wrapper)
        try:
            await way(call, wrapper, outcome)
        except AssertionError:
            raise
        except Exception as exc:
            outcome.error = _error(exc)
        outcome.meta = account.meta()
        outcome.state = _state(wrapper)
        await self._logged(before, expected)
        outcome.logged = self._recorder.seen
        return outcome

    def answer(self, pieces: list[Any]) -> None:
        """What the provider's next answers are."""
        self._transport.pieces = pieces

    async def open(self, **extra: Any) -> Any:
        """LiteLLM's stream wrapper."""
        model = f"{self._provider}/gpt-4o-mini"
        if self._provider == "azure":
            extra |= {"api_base": "http://provider", "api_version": "2024-06-01"}
        return await litellm.acompletion(
            model=model,
            messages=MESSAGES,
            stream=True,
            client=self._client,
            api_key="k",
            **extra,
        )

    async def _logged(self, before: set[Any], expected: int) -> None:
        """Waits for the tasks in which LiteLLM logs, and for its queue of them.

        It logs nothing of a stream without chunks, which can't be waited for.
        """
        deadline = time.monotonic() + (LOG_WAIT_S if expected else SILENCE_S)
        while len(self._recorder.seen) < max(expected, 1) and time.monotonic() < deadline:
            tasks = {task for task in asyncio.all_tasks() - before if not _is_worker(task)}
            if tasks:
                await asyncio.wait(tasks, timeout=LOG_WAIT_S)
            else:
                await asyncio.sleep(0.002)


def _is_worker(task: Any) -> bool:
    return "orker" in getattr(task.get_coro(), "__qualname__", "")


async def _plainly(call: Call, wrapper: Any, outcome: Outcome) -> None:
    async for chunk in wrapper:
        outcome.chunks.append(plain(chunk))


async def _fast(call: Call, wrapper: Any, outcome: Outcome) -> None:
    fit = fitting(wrapper)
    assert fit is not None, "the stream is of those that the fast path is for"
    with contextlib.ExitStack() as stack:
        stack.callback(_collect, call, outcome)
        _count(wrapper, outcome)
        await FastStream(call, wrapper, fit).run()


def _count(wrapper: Any, outcome: Outcome) -> None:
    plain = wrapper.chunk_creator

    def chunk_creator(chunk: Any) -> Any:
        outcome.given += 1
        return plain(chunk=chunk)

    wrapper.chunk_creator = chunk_creator


def _collect(call: Call, outcome: Outcome) -> None:
    peer, payload = Chunks(), b""
    for frame in frames.Decoder().feed(call.channel.data):
        payload += frame.payload
        if not frame.flags & frames.MORE:
            outcome.chunks.append(peer.take(frame.type, payload))
            payload = b""


def _state(wrapper: Any) -> Any:
    """The wrapper's own, but for objects; chunks are compared by what is built from them."""
    skipped = {"created", "_stream_created_time"}
    kinds = (str, int, float, bool, type(None))
    return {
        name: value
        for name, value in vars(wrapper).items()
        if name not in skipped and isinstance(value, kinds)
    }
