"""Which providers' streams are taken in the data callback of the connection: all but those that
LiteLLM opens with httpx's own transport. Over real connections, with LiteLLM's own clients."""

from __future__ import annotations

import asyncio

import litellm
import pytest
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

import bedrock_corpus
import lines_corpus as lines
import openai_wire
import text_corpus
from anthropic_corpus import PLAIN as ANTHROPIC
from gemini_corpus import PLAIN as GEMINI
from litellm_bridge import cancel, corrections
from litellm_bridge.fast import source
from oracle import Outcome, fastly, new_call
from providers import PROVIDERS
from versions import IS_LOCKED

OPENAI = openai_wire.PLAIN
LINES = {
    "cohere": lines.cohere_whole(lines.WORDS),
    "cohere 2": lines.cohere2_whole(lines.WORDS),
    "ollama_chat": lines.chat(lines.WORDS),
    "ollama": lines.generated(lines.WORDS),
}
BEDROCK = {name: streams["text"] for name, streams in bedrock_corpus.fast().items()}
STREAMS = {"anthropic": ANTHROPIC, "gemini": GEMINI, "text": text_corpus.PLAIN, **LINES, **BEDROCK}
NEWER = () if not IS_LOCKED else ("cohere 2",)
# LiteLLM gives the SDK no client of its own for text completions.
UNTAPPED = ("text",)
PATHS = {
    "azure": "",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/gemini-2.0-flash",
    "cohere": "/v1/chat",
    "cohere 2": "/v2/chat",
    "ollama_chat": "",
    "ollama": "",
}


class Server:
    """Sends a part of each answer, and the rest when it is asked for."""

    def __init__(self) -> None:
        self.data = b""
        self.kind = ""
        self.rest = asyncio.Event()

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        self._server.close()

    async def _serve(self, reader, writer) -> None:
        await reader.read(1 << 16)  # the request, or its beginning, which is all the same here
        head = "HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n"
        half = len(self.data) // 2
        writer.write((head % (self.kind, len(self.data))).encode() + self.data[:half])
        await self.rest.wait()
        writer.write(self.data[half:])
        writer.close()


@pytest.fixture(autouse=True)
def as_in_the_worker(monkeypatch):
    """What is patched there, and undone here, as are other tests' clients."""
    from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport as Transport

    monkeypatch.setattr(Transport, "handle_async_request", Transport.handle_async_request)
    cache = type(litellm.in_memory_llm_clients_cache)()
    monkeypatch.setattr(litellm, "in_memory_llm_clients_cache", cache)
    monkeypatch.setattr(litellm.module_level_aclient, "client", AsyncHTTPHandler().client)
    cancel.install()
    with corrections.install(litellm):
        yield


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name not in NEWER])
def test_whose_bytes_are_taken_in_the_callback(provider, loop, monkeypatch):
    server, taps, plain = None, [], source.tap_of

    def tap_of(*args):
        taps.append(plain(*args))
        server.rest.set()
        return taps[-1]

    async def run() -> Outcome:
        nonlocal server
        server = Server()
        server.data = STREAMS.get(provider, OPENAI)
        server.kind = "text/event-stream"
        url, outcome, call = await server.open(), Outcome(), new_call()
        where = {"api_base": url + PATHS.get(provider, "/v1")}
        if provider in BEDROCK:
            where = {"aws_bedrock_runtime_endpoint": url}
        await fastly(call, await PROVIDERS[provider].open(None, **where), outcome)
        await server.close()
        return outcome

    monkeypatch.setattr(source, "tap_of", tap_of)
    monkeypatch.setattr(litellm, "callbacks", [])
    assert loop.run_until_complete(asyncio.wait_for(run(), 30)).chunks
    assert [tap is not None for tap in taps] == [provider not in UNTAPPED]
