"""CPU of one streamed chunk: plain LiteLLM against the fast path, in one run. Not a test.

    python test/python/differential/measure.py [provider ...] [--chunks 100,1000,5000] [--paced MS]

Twenty events a read, as in a burst, or one read every MS; from the open stream to its end,
LiteLLM's own work at the end included. Network and callbacks are left out of both. Like users'
processes, it has seen a few such streams before.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import sys
import time
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parents[1] / "lib" / "python"), str(TESTS)]

import anthropic_corpus  # noqa: E402
import bedrock_corpus  # noqa: E402
import gemini_corpus  # noqa: E402
import lines_corpus  # noqa: E402
import openai_wire  # noqa: E402
import text_corpus  # noqa: E402
from eventstream import messages  # noqa: E402
from litellm_bridge import frames  # noqa: E402
from litellm_bridge.calls import Call  # noqa: E402
from litellm_bridge.chunks import ChunkEncoder  # noqa: E402
from litellm_bridge.context import current_call  # noqa: E402
from litellm_bridge.fast import FastStream, planned  # noqa: E402
from oracle import Bench, Wire  # noqa: E402


def openai(words: list[str]) -> bytes:
    return openai_wire.whole(*openai_wire.texts(words))


def bedrock(words: list[str]) -> bytes:
    return bedrock_corpus.framed(bedrock_corpus.whole(words))


STREAMS = {
    "openai": openai,
    "azure": openai,
    "groq": openai,
    "anthropic": anthropic_corpus.whole,
    "bedrock": bedrock,
    "bedrock anthropic": bedrock_corpus.anthropic_whole,
    "gemini": gemini_corpus.whole,
    "cohere": lines_corpus.cohere_whole,
    "ollama_chat": lines_corpus.chat,
    "text": text_corpus.whole,
}
EVENTS_A_READ = 20
WARM_UP = 4
ROUNDS = 3


class Nowhere(Wire):
    def send(self, data: bytes) -> None:
        pass


async def plainly(call, source) -> None:
    """As the worker does it where the fast path does not fit."""
    encoder = ChunkEncoder()
    async for chunk in source:
        call.try_send(*encoder.encode(chunk))


async def fast(call, source) -> None:
    await FastStream(call, planned(call, source)).run()


async def measure(bench: Bench, way, pieces: list[bytes], chunks: int, pause_s: float) -> float:
    """Microseconds of CPU a chunk."""
    bench.answer(pieces, pause_s)
    call = Call(Nowhere(), 1, frames.CallRequest(1 << 40, frames.STREAM, "completion", b"{}"))
    current_call.set(call)
    source = await bench.open()
    gc.collect()  # the garbage of one way is not to be paid for by the other
    began = time.process_time()
    await way(call, source)
    return (time.process_time() - began) / chunks * 1e6


def reads(data: bytes, events_a_read: int) -> list[bytes]:
    if data.startswith(b"\0"):
        events = messages(data)
    else:
        end = b"\n\n" if b"\n\n" in data else b"\n"
        events = [event + end for event in data.split(end)[:-1]]
    starts = range(0, len(events), events_a_read)
    return [b"".join(events[at : at + events_a_read]) for at in starts]


async def compare(provider: str, chunks: int, pause_s: float) -> None:
    words = [f"word{number} " for number in range(chunks)]
    pieces = reads(STREAMS[provider](words), 1 if pause_s else EVENTS_A_READ)
    bench, costs = Bench(provider), {plainly: [], fast: []}
    for _ in range(WARM_UP):
        await measure(bench, fast, pieces[:3], chunks, 0)
    for _ in range(ROUNDS):
        for way, seen in costs.items():
            seen.append(await measure(bench, way, pieces, chunks, pause_s))
    plain_us, fast_us = map(statistics.median, costs.values())
    print(f"{provider:18}{chunks:6} chunks: LiteLLM {plain_us:7.1f} us,", end=" ")
    print(f"fast {fast_us:6.2f} us a chunk, 1/{plain_us / fast_us:.0f}", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("provider", nargs="*", default=list(STREAMS))
    parser.add_argument("--chunks", default="100,1000,5000")
    parser.add_argument("--paced", type=float, default=0, metavar="MS")
    options = parser.parse_args()
    for provider in options.provider:
        for chunks in options.chunks.split(","):
            await compare(provider, int(chunks), options.paced / 1000)


if __name__ == "__main__":
    asyncio.run(main())
