"""Plain LiteLLM and the fast path on the same bytes, and what there is to see of both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import litellm
from litellm.integrations.custom_logger import CustomLogger
from litellm.litellm_core_utils import streaming_handler
from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER

from litellm_bridge import frames, jsonio, wrappers
from litellm_bridge.accounts import StreamAccount
from litellm_bridge.calls import Call
from litellm_bridge.chunks import plain
from litellm_bridge.context import current_call
from litellm_bridge.fast import FastStream, planned
from peer import Chunks
from providers import PROVIDERS

litellm.suppress_debug_info = True  # it prints with each error otherwise

wrappers.install(litellm)
jsonio.find_orjson()

LOG_WAIT_S = 5.0
LOST = object()  # a piece that is the loss of the connection


class OneAfterAnother:
    """LiteLLM runs its handlers of a success in a thread and on the loop at once. Both write into
    one dict, and the first takes the cost out of it before the second has told it, now and then:
    also between two plain runs (7 of 1,004 with a switch interval of a microsecond)."""

    def submit(self, work: Any, *args: Any, **options: Any) -> None:
        work(*args, **options)


streaming_handler.executor = OneAfterAnother()


class Pieces(httpx.AsyncByteStream):
    """A response's body in exactly these reads; a server's could be merged on their way."""

    def __init__(self, pieces: list[Any], pause_s: float) -> None:
        self._pieces = pieces
        self._pause_s = pause_s

    async def __aiter__(self):
        for piece in self._pieces:
            if self._pause_s:
                await asyncio.sleep(self._pause_s)
            if piece is LOST:
                raise httpx.ReadError("connection lost")
            yield piece


class Transport(httpx.AsyncBaseTransport):
    """Answers every request with the pieces that were set."""

    pieces: list[Any] = []
    pause_s = 0.0  # before each

    async def handle_async_request(self, request):
        headers = {"content-type": "text/event-stream", "x-request-id": "req-1"}
        return httpx.Response(200, headers=headers, stream=Pieces(self.pieces, self.pause_s))


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
_TRANSPORT = Transport()  # of all benches: providers share clients of LiteLLM's


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

    def facts(self) -> dict[str, str]:
        """As JSON, in which 1, 1.0 and true are not equal."""
        names = ("chunks", "error", "meta", "logged", "state")
        return {name: _json(normal(getattr(self, name))) for name in names}


_RANDOM_ID = re.compile(
    r"(chatcmpl-|call_)?([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{28})"
)
# A clock's value, and where in LiteLLM's code an error was raised.
_VOLATILE = {"created", "created_at", "expires_at", "startTime", "endTime"}


def normal(value: Any) -> Any:
    """Without the values that differ between two runs of the same."""
    if isinstance(value, dict):
        return {k: 0 if k in _VOLATILE else normal(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [normal(item) for item in value]
    if isinstance(value, str):
        value = _RANDOM_ID.sub(r"\1random", value)
        return re.sub(r"Traceback \(most recent call last\):[\s\S]*", "Traceback", value)
    return value


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


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


def new_call() -> Call:
    call = Call(Wire(), 1, frames.CallRequest(1 << 40, frames.STREAM, "completion", b"{}"))
    current_call.set(call)
    return call


class Bench:
    """Runs streams of one provider. Used on one loop."""

    def __init__(self, provider: str) -> None:
        self._provider = PROVIDERS[provider]
        self._transport = _TRANSPORT
        self._client: Any = None
        self._is_open = False
        self._recorder = _RECORDER
        self.callbacks: list[Any] = []  # more of them

    async def both(self, pieces: list[Any], **extra: Any) -> tuple[Outcome, Outcome]:
        plain = await self.run(plainly, pieces, **extra)
        return plain, await self.run(fastly, pieces, expected=len(plain.logged), **extra)

    async def run(self, way, pieces: list[Any], expected: int = 0, **extra: Any) -> Outcome:
        """expected: how many events a callback should see."""
        self.answer(pieces)
        self._recorder.seen = []
        litellm.callbacks = [self._recorder, *self.callbacks]
        before = asyncio.all_tasks()
        outcome = Outcome()
        call = new_call()
        source = await self.open(**extra)
        account = StreamAccount(call, source)
        try:
            await way(call, source, outcome)
        except AssertionError:
            raise
        except Exception as exc:
            outcome.error = _error(exc)
        outcome.meta = account.meta()
        outcome.state = _state(call.wrappers[-1])
        await self._logged(before, expected)
        outcome.logged = self._recorder.seen
        return outcome

    def answer(self, pieces: list[Any], pause_s: float = 0.0) -> None:
        """What the provider's next answers are."""
        self._transport.pieces, self._transport.pause_s = pieces, pause_s

    async def open(self, **extra: Any) -> Any:
        """LiteLLM's stream."""
        if not self._is_open:  # LiteLLM keeps its own clients by the loop that runs
            http = httpx.AsyncClient(transport=self._transport)
            self._client, self._is_open = self._provider.client(http), True
        return await self._provider.open(self._client, **extra)

    async def _logged(self, before: set[Any], expected: int) -> None:
        """Waits for the tasks in which LiteLLM logs, and for its queue of them."""
        deadline = time.monotonic() + LOG_WAIT_S
        while time.monotonic() < deadline:
            tasks = {task for task in asyncio.all_tasks() - before if not _is_worker(task)}
            if tasks:
                await asyncio.wait(tasks, timeout=LOG_WAIT_S)
                continue
            if GLOBAL_LOGGING_WORKER._queue is not None:
                await GLOBAL_LOGGING_WORKER._queue.join()
            if len(self._recorder.seen) >= expected:
                return
            await asyncio.sleep(0.002)


def _is_worker(task: Any) -> bool:
    return "orker" in getattr(task.get_coro(), "__qualname__", "")


async def plainly(call: Call, wrapper: Any, outcome: Outcome) -> None:
    async for chunk in wrapper:
        outcome.chunks.append(plain(chunk))


async def fastly(call: Call, source: Any, outcome: Outcome) -> None:
    plan = planned(call, source)
    assert plan is not None, "the stream is of those that the fast path is for"
    stream = FastStream(call, plan)
    with contextlib.ExitStack() as stack:
        stack.callback(_collect, call, outcome)
        stack.enter_context(_counted(outcome))
        try:
            await stream.run()
        finally:
            assert stream.is_fast, "the stream is of those that the fast path is for"


@contextlib.contextmanager
def _counted(outcome: Outcome):
    wrapper = litellm.CustomStreamWrapper
    plain = wrapper.chunk_creator

    def chunk_creator(self, chunk: Any) -> Any:
        outcome.given += 1
        return plain(self, chunk=chunk)

    wrapper.chunk_creator = chunk_creator
    try:
        yield
    finally:
        wrapper.chunk_creator = plain


def _collect(call: Call, outcome: Outcome) -> None:
    peer, payload = Chunks(), b""
    for frame in frames.Decoder().feed(call.channel.data):
        payload += frame.payload
        if not frame.flags & frames.MORE:
            outcome.chunks.append(peer.take(frame.type, payload))
            payload = b""


def _state(wrapper: Any) -> Any:
    """The wrapper's own and its reader's, but for objects; chunks are compared by what is built
    from them, and so are lists that grow, whose texts may be joined."""
    reader = wrapper.completion_stream
    return {
        **_scalars(wrapper),
        "reader": {} if reader is None else _scalars(reader),
        "lists": {name: _joined(getattr(reader, name, [])) for name in _LISTS},
    }


_SKIPPED = {"created", "_stream_created_time", "make_call"}
_LISTS = ("content_blocks", "reasoning_content_chunks")


def _scalars(owner: Any) -> dict[str, Any]:
    kinds = (str, int, float, bool, type(None))
    items = getattr(owner, "__dict__", {}).items()
    return {k: v for k, v in items if k not in _SKIPPED and isinstance(v, kinds)}


def _joined(items: list[Any]) -> Any:
    """Each kind of item once, in order, with all texts behind one another."""
    kinds: dict[str, str] = {}
    for item in items:
        texts: list[str] = []
        kind = repr(_without_texts(item, texts))
        kinds[kind] = kinds.get(kind, "") + "".join(texts)
    return kinds


def _without_texts(item: Any, texts: list[str]) -> Any:
    if isinstance(item, str):
        texts.append(item)
        return ""
    if not isinstance(item, dict):
        return item
    value = {}
    for key, part in item.items():
        is_text = key in ("text", "thinking", "partial_json") or isinstance(part, dict)
        value[key] = _without_texts(part, texts) if is_text else part
    return value
