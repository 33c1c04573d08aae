"""Plain LiteLLM in Python: answers each line of standard input (JSON) as support/answers.js does."""

import asyncio
import hashlib
import json
import os
import sys
import time

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

import litellm  # noqa: E402  (stdout must be out of its reach first)

litellm.suppress_debug_info = True
VARYING = ("id", "created")  # made anew for each stream


def text_of(chunk):
    return (chunk.choices[0].delta.content if chunk.choices else None) or ""


async def read_text(request):
    count = characters = 0
    async for chunk in await litellm.acompletion(**request):
        count += 1
        characters += len(text_of(chunk))
    return count, characters


async def streams(task):
    began = time.perf_counter()
    work = (read_text(task["request"]) for _ in range(task["at_once"]))
    every = await asyncio.gather(*work)
    took = (time.perf_counter() - began) * 1e3
    count = sum(count for count, _ in every)
    return {"ms": took, "count": count, "characters": every[0][1]}


async def digest(task):
    chunks, text, count = hashlib.sha256(), hashlib.sha256(), 0
    async for chunk in await litellm.acompletion(**task["request"]):
        count += 1
        value = chunk.model_dump(exclude_none=True, exclude_unset=True)
        known = {key: value[key] for key in sorted(value) if key not in VARYING}
        line = json.dumps(known, ensure_ascii=False, separators=(",", ":")) + "\n"
        chunks.update(line.encode())
        text.update(text_of(chunk).encode())
    return {"count": count, "chunks": chunks.hexdigest(), "text": text.hexdigest()}


async def first_texts(task):
    waits = []
    for _ in range(task["times"]):
        began, first = time.perf_counter(), 0.0
        async for chunk in await litellm.acompletion(**task["request"]):
            if not first and text_of(chunk):
                first = time.perf_counter() - began
        waits.append(first * 1e3)
    return {"waits": waits}


async def whole(task):
    function = getattr(litellm, "a" + task["name"])
    began = time.perf_counter()
    for _ in range(task["times"]):
        await function(**task["request"])
    return {"ms": (time.perf_counter() - began) * 1e3}


KINDS = {"streams": streams, "digest": digest, "firstTexts": first_texts, "whole": whole}


async def main():
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = json.loads(line)
        result = await KINDS[task["kind"]](task)
        print(json.dumps({**result, "pids": [os.getpid()]}), file=OUT, flush=True)


asyncio.run(main())
