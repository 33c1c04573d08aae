"""A provider's answers as aiohttp receives them: bytes of a connection, in exactly these reads."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from aiohttp.client_proto import ResponseHandler
from litellm.llms.custom_httpx.aiohttp_transport import AiohttpResponseStream

from oracle import LOST, Bench, Transport

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req-1\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


class Wire(bytes):
    """A read as it is, in whatever way HTTP's chunks are cut by it."""


READ_BUFFER = 2**16  # bytes; aiohttp stops reading at twice of it
SILENCE = object()  # a piece that does not come: the rest is never sent


class Socket(asyncio.Transport):
    """The transport of a connection, as uvloop's: it keeps its protocol's method."""

    def __init__(self) -> None:
        super().__init__()
        self.receive: Any = None
        self.pauses = 0
        self.reading = asyncio.Event()
        self.reading.set()

    def set_protocol(self, protocol: Any) -> None:
        self.receive = protocol.data_received

    def pause_reading(self) -> None:
        self.pauses += 1
        self.reading.clear()

    def resume_reading(self) -> None:
        self.reading.set()

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


class Answer:
    """The part of aiohttp's ClientResponse that LiteLLM's stream uses."""

    def __init__(self, content: Any) -> None:
        self.content = content

    async def __aexit__(self, *_: Any) -> None:
        pass

    def close(self) -> None:
        pass


class Connection:
    """Feeds one answer: each piece in a read of its own, when the one before was taken."""

    def __init__(self, pieces: list[Any], read_timeout_s: float | None, pause_s: float) -> None:
        self._pause_s = pause_s
        self._pieces = pieces
        self._read_timeout_s = read_timeout_s
        self.socket = Socket()
        self.protocol = ResponseHandler(asyncio.get_running_loop())
        self.protocol.connection_made(self.socket)
        self.socket.set_protocol(self.protocol)

    async def open(self) -> httpx.Response:
        self.protocol.set_response_params(
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=self._read_timeout_s,
            read_bufsize=READ_BUFFER,
        )
        self.socket.receive(HEAD)
        message, self._reader = await self.protocol.read()
        self._feeding = asyncio.create_task(self._feed())
        stream = AiohttpResponseStream(Answer(self._reader))
        return httpx.Response(200, headers=message.headers, stream=stream)

    def stop(self) -> None:
        self._feeding.cancel()

    async def _feed(self) -> None:
        for piece in self._pieces:
            await self.socket.reading.wait()
            await asyncio.sleep(self._pause_s)
            if piece is SILENCE:
                return
            if piece is LOST:
                self.protocol.connection_lost(ConnectionResetError("connection lost"))
                return
            if isinstance(piece, Wire):
                self.socket.receive(bytes(piece))
            elif piece:
                self.socket.receive(b"".join(map(http_chunk, _parts(piece))))
            await self._taken()
        self.socket.receive(b"0\r\n\r\n")

    async def _taken(self) -> None:
        while self._reader._buffer and self.socket.reading.is_set():
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # whoever was woken by it runs first


def _parts(piece: bytes | tuple[bytes, ...]) -> tuple[bytes, ...]:
    """A tuple is one read of several HTTP chunks."""
    return piece if isinstance(piece, tuple) else (piece,)


def http_chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


class ConnectionBench(Bench):
    """The same streams through aiohttp's parser and reader."""

    last: Connection  # of the last answer
    read_timeout_s: float | None = 600.0
    pause_s = 0.0  # before each piece

    def __init__(self, provider: str) -> None:
        super().__init__(provider)
        self._transport = Transport()  # the SDK's client is its own
        self._transport.handle_async_request = self._handle

    async def _logged(self, before: set[Any], expected: int) -> None:
        self.last.stop()  # LiteLLM may have left the stream before its end
        await super()._logged(before, expected)

    async def _handle(self, _: httpx.Request) -> httpx.Response:
        self.last = Connection(self._transport.pieces, self.read_timeout_s, self.pause_s)
        return await self.last.open()
