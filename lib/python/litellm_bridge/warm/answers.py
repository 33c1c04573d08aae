"""What providers would answer to "Hi", in their own wire formats."""

from __future__ import annotations

import binascii
import json
from typing import Any

Event = dict[str, Any]
Answer = tuple[str, bytes]  # content type, body

_USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
_TEXTS = ("Good", " day", " to", " you")


def answer(family: str, *, stream: bool) -> Answer:
    """family: a key of `STREAMS`."""
    if stream:
        return STREAMS[family]()
    return "application/json", json.dumps(WHOLES[family]).encode()


def _sse(events: list[Event], *, named: bool = False) -> Answer:
    lines = [
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n"
        for event in events
    ]
    return "text/event-stream", "".join(lines).encode()


def _openai_stream() -> Answer:
    base = {"id": "warm", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}

    def chunk(delta: Event, finish: str | None = None) -> Event:
        return base | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    events = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": text}) for text in _TEXTS]
    events += [chunk({}, "stop"), base | {"choices": [], "usage": _USAGE}]
    kind, body = _sse(events)
    return kind, body + b"data: [DONE]\n\n"


_OPENAI = {
    "id": "warm",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Good day"},
            "finish_reason": "stop",
        }
    ],
    "usage": _USAGE,
}

_ANTHROPIC = {
    "id": "warm",
    "type": "message",
    "role": "assistant",
    "model": "claude-3-5-sonnet-20240620",
    "content": [{"type": "text", "text": "Good day"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}


def _anthropic_stream() -> Answer:
    usage = {"output_tokens": 2}
    start = _ANTHROPIC | {"content": [], "stop_reason": None}
    events: list[Event] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    for text in _TEXTS:
        delta = {"type": "text_delta", "text": text}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return _sse(events, named=True)


def _gemini(text: str, finish: str | None) -> Event:
    candidate: Event = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-1.5-pro"}


def _gemini_stream() -> Answer:
    return _sse([*(_gemini(text, None) for text in _TEXTS), _gemini(".", "STOP")])


_BEDROCK_USAGE = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}
_BEDROCK = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Good day"}]}},
    "stopReason": "end_turn",
    "usage": _BEDROCK_USAGE,
    "metrics": {"latencyMs": 1},
}


def _bedrock_stream() -> Answer:
    events: list[tuple[str, Event]] = [("messageStart", {"role": "assistant"})]
    for text in _TEXTS:
        events.append(("contentBlockDelta", {"delta": {"text": text}, "contentBlockIndex": 0}))
    events += [
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": _BEDROCK_USAGE, "metrics": {"latencyMs": 1}}),
    ]
    body = b"".join(_message(name, json.dumps(event).encode()) for name, event in events)
    return "application/vnd.amazon.eventstream", body


def _message(event: str, payload: bytes) -> bytes:
    """A message of AWS's event stream encoding."""
    names = ((":event-type", event), (":content-type", "application/json"))
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(value).to_bytes(2) + value.encode()
        for name, value in (*names, (":message-type", "event"))
    )
    prelude = (len(headers) + len(payload) + 16).to_bytes(4) + len(headers).to_bytes(4)
    message = prelude + binascii.crc32(prelude).to_bytes(4) + headers + payload
    return message + binascii.crc32(message).to_bytes(4)


STREAMS = {
    "openai": _openai_stream,
    "anthropic": _anthropic_stream,
    "gemini": _gemini_stream,
    "bedrock": _bedrock_stream,
}
WHOLES: dict[str, Event] = {
    "openai": _OPENAI,
    "anthropic": _ANTHROPIC,
    "gemini": _gemini("Good day", "STOP"),
    "bedrock": _BEDROCK,
}
