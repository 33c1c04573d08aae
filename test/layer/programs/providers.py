"""Calls each provider family, whole and streamed; run by the layer's Python in an empty root.

The argument is JSON: a list of {"name", "request"}. Prints {"name", "whole", "streamed"} or
{"name", "error"} for each, a line each.
"""

import json
import sys

import litellm

MESSAGES = [{"role": "user", "content": "hello"}]


def ask(request: dict[str, object]) -> dict[str, str]:
    answer = litellm.completion(**request, messages=MESSAGES, num_retries=0)
    chunks = litellm.completion(**request, messages=MESSAGES, num_retries=0, stream=True)
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    return {"whole": answer.choices[0].message.content, "streamed": "".join(texts)}


for item in json.loads(sys.argv[1]):
    try:
        said = ask(item["request"])
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"name": item["name"], **said}), flush=True)
