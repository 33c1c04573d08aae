"""CPU of one streamed chunk: plain LiteLLM against the fast path, in one run. Not a test.

    python test/python/differential/measure.py [chunks]

Twenty events a read, as in a burst; from the open stream to its end, LiteLLM's own work at the
end included. Network and callbacks are left out of both.
"""

from __future__ import annotations

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

from litellm_bridge import frames  # noqa: E402
from litellm_bridge.calls import Call  # noqa: E402
from litellm_bridge.chunks import ChunkEncoder  # noqa: E402
from litellm_bridge.context import current_call  # noqa: E402
from litellm_bridge.fast import FastStream, planned  # noqa: E402
from openai_wire import texts, whole  # noqa: E402
from oracle import Bench, Wire  # noqa: E402

EVENTS_A_READ = 20
ROUNDS = 3


class Nowhere(Wire):
    def send(self, data: bytes) -> None:
        pass


async def plainly(call, wrapper) -> None:
    """As the worker does it where the fast path does not fit."""
    encoder = ChunkEncoder()
    async for chunk in wrapper:
        call.try_send(*encoder.encode(chunk))


async def fast(call, wrapper) -> None:
    await FastStream(call, planned(call, wrapper)).run()


async def measure(bench: Bench, way, pieces: list[bytes], chunks: int) -> float:
    """Microseconds of CPU a chunk."""
    bench.answer(pieces)
    call = Call(Nowhere(), 1, frames.CallRequest(1 << 40, frames.STREAM, "completion", b"{}"))
    current_call.set(call)
    wrapper = await bench.open()
    gc.collect()  # the garbage of one way is not to be paid for by the other
    began = time.process_time()
    await way(call, wrapper)
    return (time.process_time() - began) / chunks * 1e6


async def main(chunks: int) -> None:
    stream = whole(*texts([f"word{number} " for number in range(chunks)]))
    events = [event + b"\n\n" for event in stream.split(b"\n\n")[:-1]]
    starts = range(0, len(events), EVENTS_A_READ)
    pieces = [b"".join(events[at : at + EVENTS_A_READ]) for at in starts]
    bench, costs = Bench("openai"), {plainly: [], fast: []}
    for _ in range(ROUNDS):
        for way, seen in costs.items():
            seen.append(await measure(bench, way, pieces, chunks))
    plain_us, fast_us = map(statistics.median, costs.values())
    print(f"{chunks} chunks: LiteLLM {plain_us:.1f} us, fast {fast_us:.2f} us a chunk", end=", ")
    print(f"1/{plain_us / fast_us:.0f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
