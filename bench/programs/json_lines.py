"""The Python side of the usual bridge: a request a line in, a chunk a line out."""

import asyncio
import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402

litellm.suppress_debug_info = True


def say(message):
    print(json.dumps(message), flush=True)


async def answer(request_id, request):
    async for chunk in await litellm.acompletion(**request):
        value = chunk.model_dump(exclude_none=True, exclude_unset=True)
        say({"id": request_id, "type": "chunk", "chunk": value})
    say({"id": request_id, "type": "end"})


async def main():
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        message = json.loads(line)
        await answer(message["id"], message["request"])


asyncio.run(main())
