"""OpenAI's wire format: chunks, events, and streams of them."""

from __future__ import annotations

import json
from typing import Any

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini"}
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
DONE = b"data: [DONE]\n\n"
WORDS = ["Once ", "upon ", "a ", "time ", "there ", "was ", "a ", "king."]

Stream = bytes


def sse(value: Any) -> bytes:
    return b"data: " + dumps(value) + b"\n\n"


def dumps(value: Any, **options: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, **options).encode("utf-8", "surrogatepass")


def chunk(delta: Any, finish: Any = None, choice: Any = None, **extra: Any) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish, **(choice or {})}]
    return {**HEAD, "choices": choices, **extra}


def text(content: Any, **extra: Any) -> dict[str, Any]:
    return chunk({"content": content}, **extra)


def tool(arguments: Any, index: int = 0, **extra: Any) -> dict[str, Any]:
    call = {"index": index, "function": {"arguments": arguments}, **extra}
    return chunk({"tool_calls": [call]})


def named_tool(name: str, index: int = 0, arguments: str = "") -> dict[str, Any]:
    call = {"index": index, "id": f"call_{index}", "type": "function"}
    return chunk({"tool_calls": [{**call, "function": {"name": name, "arguments": arguments}}]})


ROLE = chunk({"role": "assistant", "content": ""})
STOP = chunk({}, "stop")
USED = {**HEAD, "choices": [], "usage": USAGE}


def whole(*values: Any, end: bytes = DONE, role: Any = ROLE, finish: Any = STOP) -> Stream:
    """A stream with a beginning and an end around the values."""
    first = [role] if role else []
    last = [finish] if finish else []
    return b"".join(sse(value) for value in [*first, *values, *last]) + end


def texts(contents: list[Any], **extra: Any) -> list[dict[str, Any]]:
    return [text(content, **extra) for content in contents]


def bare(*events: bytes) -> Stream:
    return b"".join(events)


def remade(stream: Stream, old: bytes, new: bytes) -> Stream:
    return stream.replace(old, new)


PLAIN = whole(*texts(WORDS))
