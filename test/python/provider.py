"""A tiny LLM provider over HTTP, in a thread: real wire formats, each step under control."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import web

Responder = Callable[["Exchange"], Any]


class Exchange:
    """One request, seen from the provider."""

    def __init__(self, request: web.Request, body: bytes) -> None:
        self.request = request
        self.body = body
        self.answered = threading.Event()  # the first bytes of the answer are out
        self.hung_up = threading.Event()  # the client closed its connection before the end
        self.finished = threading.Event()
        self._response: web.StreamResponse | None = None
        self._go_on = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def go_on(self) -> None:
        """Lets a responder that waits in `pause` continue. From the test's thread."""
        self._loop.call_soon_threadsafe(self._go_on.set)

    async def pause(self) -> None:
        await self._go_on.wait()
        self._go_on.clear()

    async def start(self, content_type: str = "text/event-stream", **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self._response = web.StreamResponse(headers={"content-type": content_type, **names})
        await self._response.prepare(self.request)
        self.answered.set()

    async def write(self, data: bytes) -> None:
        await self._response.write(data)

    async def end(self) -> web.StreamResponse:
        await self._response.write_eof()
        return self._response

    def cut(self) -> None:
        """Closes the connection in the middle of the answer."""
        self.request.transport.close()


class Provider:
    """Serves each request with the responder of its model."""

    def __init__(self) -> None:
        self._responders: dict[str, Responder] = {}
        self.exchanges: list[Exchange] = []
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait()

    def on(self, model: str, responder: Responder) -> None:
        """model: a part of the path or of the body's `model`."""
        self._responders[model] = responder

    def exchange(self, model: str) -> Exchange | None:
        """The last request for the model."""
        return next((e for e in reversed(self.exchanges) if _is_for(e, model)), None)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._started.set()
        self._loop.run_forever()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=1 << 28)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        exchange = Exchange(request, await request.read())
        self.exchanges.append(exchange)
        for model, responder in self._responders.items():
            if _is_for(exchange, model):
                return await self._respond(exchange, responder)
        return web.json_response({"error": {"message": "no such model"}}, status=404)

    async def _respond(self, exchange: Exchange, responder: Responder) -> web.StreamResponse:
        try:
            response = await responder(exchange)
        except (asyncio.CancelledError, ConnectionError):
            exchange.hung_up.set()
            raise
        exchange.finished.set()
        return response


def _is_for(exchange: Exchange, model: str) -> bool:
    return model in exchange.request.path or b'"%s"' % model.encode() in exchange.body


# -- wire formats: each gives the pieces of one answer


def sse(value: Any, event: str = "") -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


def openai_chunk(delta: dict[str, Any], finish: str | None = None, **extra: Any) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**head, "choices": choices, **extra}


def openai_stream(texts: list[str], usage: dict[str, int] | None = None) -> list[bytes]:
    pieces = [sse(openai_chunk({"role": "assistant", "content": ""}))]
    pieces += [sse(openai_chunk({"content": text})) for text in texts]
    pieces.append(sse(openai_chunk({}, "stop")))
    if usage:
        pieces.append(sse(openai_chunk({}) | {"choices": [], "usage": usage}))
    return [*pieces, b"data: [DONE]\n\n"]


def openai_whole(text: str, **extra: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
        **extra,
    }


def anthropic_stream(texts: list[str]) -> list[bytes]:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude"}
    usage = {"input_tokens": 4, "output_tokens": 1}
    start = {**message, "content": [], "stop_reason": None, "usage": usage}
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    events = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 7},
        },
        {"type": "message_stop"},
    ]
    return [sse(event, event["type"]) for event in events]


def gemini_stream(texts: list[str]) -> list[bytes]:
    usage = {"promptTokenCount": 2, "candidatesTokenCount": 3, "totalTokenCount": 5}
    contents = [{"role": "model", "parts": [{"text": text}]} for text in texts]
    last = len(contents) - 1
    return [
        sse(
            {
                "candidates": [
                    {
                        "content": content,
                        "index": 0,
                        **({"finishReason": "STOP"} if at == last else {}),
                    }
                ],
                "usageMetadata": usage,
            }
        )
        for at, content in enumerate(contents)
    ]


def bedrock_stream(texts: list[str]) -> list[bytes]:
    usage = {"inputTokens": 2, "outputTokens": 3, "totalTokens": 5}
    deltas = [{"contentBlockIndex": 0, "delta": {"text": text}} for text in texts]
    return [
        aws_event("messageStart", {"role": "assistant"}),
        *(aws_event("contentBlockDelta", delta) for delta in deltas),
        aws_event("contentBlockStop", {"contentBlockIndex": 0}),
        aws_event("messageStop", {"stopReason": "end_turn"}),
        aws_event("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}),
    ]


def aws_event(kind: str, payload: Any) -> bytes:
    """One message of application/vnd.amazon.eventstream."""
    names = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        bytes((len(name),))
        + name.encode()
        + b"\x07"
        + struct.pack(">H", len(value))
        + value.encode()
        for name, value in names.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


# -- responders


def whole(value: Any, status: int = 200, **headers: str) -> Responder:
    names = {name.replace("_", "-"): text for name, text in headers.items()}

    async def respond(exchange: Exchange) -> web.StreamResponse:
        return web.json_response(value, status=status, headers=names)

    return respond


def pieces(data: list[bytes], content_type: str = "text/event-stream", **headers: str) -> Responder:
    """The pieces at once."""

    async def respond(exchange: Exchange) -> web.StreamResponse:
        await exchange.start(content_type, **headers)
        for piece in data:
            await exchange.write(piece)
        return await exchange.end()

    return respond


def held(data: list[bytes], content_type: str = "text/event-stream") -> Responder:
    """Headers and the pieces, and then nothing more until the client hangs up."""

    async def respond(exchange: Exchange) -> web.StreamResponse:
        await exchange.start(content_type)
        for piece in data:
            await exchange.write(piece)
        await exchange.pause()
        return await exchange.end()

    return respond


async def silent(exchange: Exchange) -> web.StreamResponse:
    """Not even headers."""
    await exchange.pause()
    return web.json_response({})


def endless(data: Callable[[int], bytes]) -> Responder:
    async def pour() -> AsyncIterator[bytes]:
        number = 0
        while True:
            yield data(number)
            number += 1

    async def respond(exchange: Exchange) -> web.StreamResponse:
        await exchange.start()
        async for piece in pour():
            await exchange.write(piece)
        raise AssertionError("unreachable")

    return respond


def cut_after(data: list[bytes]) -> Responder:
    """The pieces, and then the connection is lost."""

    async def respond(exchange: Exchange) -> web.StreamResponse:
        await exchange.start()
        for piece in data:
            await exchange.write(piece)
        await exchange.pause()
        exchange.cut()
        return await exchange.end()

    return respond
