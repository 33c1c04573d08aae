"""Bedrock's frames: events in them, what may be wrong with them, and what is around a model's own
JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from contents import TOKENS
from eventstream import event, exception, header, message, prelude, string
from wire import Stream, Streams, dumps

Payload = tuple[str, bytes]  # the event's type, and its JSON
Payloads = list[Payload]

USAGE = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
PADS = ["abc", "abcdefgh", "abcdefghijklmnop", "a", "abcdefghijklm"]
MARK = "MARK"


def framed(payloads: Payloads) -> Stream:
    return b"".join(event(name, payload) for name, payload in payloads)


def chunk(inner: bytes, pad: str = "abcdefghij") -> Payload:
    value = {"bytes": base64.b64encode(inner).decode(), "p": pad}
    return "chunk", dumps(value, separators=(",", ":"))


def tokens(made: Callable[[list[Any]], Payloads], key: bytes) -> dict[str, Payloads]:
    """Texts written in ways that JSON allows, or just not."""
    streams = {}
    for name, parts in TOKENS.items():
        left, payloads = list(parts), []
        for kind, payload in made([MARK] * len(parts)):
            if b'"MARK"' in payload:
                payload = payload.replace(b'"MARK"', left.pop(0).replace(b"KEY", key), 1)
            payloads.append((kind, payload))
        streams[f"tokens: {name}"] = payloads
    return streams


def frames(payloads: Payloads) -> Streams:
    """What may be wrong with the frames, or just rare, in the middle of a stream."""
    sound = [event(*payload) for payload in payloads]
    half = len(sound) // 2
    before, then, after = b"".join(sound[:half]), sound[half], b"".join(sound[half + 1 :])
    name, payload = payloads[half]
    number = header("number", 4, b"\0\0\0\1")
    twice = string(":event-type", name)
    error = b'{"message":"Too many requests"}'
    middles = {
        "prelude damaged": bytes([then[0] ^ 1]) + then[1:],
        "prelude CRC damaged": then[:9] + bytes([then[9] ^ 1]) + then[10:],
        "headers damaged": then[:14] + bytes([then[14] ^ 1]) + then[15:],
        "payload damaged": then[:-9] + bytes([then[-9] ^ 1]) + then[-8:],
        "CRC damaged": then[:-1] + bytes([then[-1] ^ 1]),
        "length of zero": prelude(0, 0) + then,
        "length of twelve": prelude(12, 0) + then,
        "length of fifteen": prelude(15, 0) + then,
        "headers longer than all": prelude(100, 100) + then,
        "too long headers": prelude(200_000, 150_000) + then,
        "too long": prelude(0x7FFFFFFF, 0) + then,
        "no headers": message(b"", payload),
        "no headers, no payload": message(b"", b""),
        "one header more": event(name, payload, string("x-more", "é")),
        "a header of a number": event(name, payload, number),
        "a header twice": event(name, payload, twice),
        "headers broken": message(b"\x05abc", payload),
        "another content type": event(name, payload, content="text/plain"),
        "another event type": event("odd", payload),
        "an event type with a line end": event("a\nb", payload),
        "initial response": event("initial-response", b"{}") + then,
        "another message type": exception("x", payload, kind="odd"),
        "exception": exception("throttlingException", error),
        "exception of the model": exception("modelStreamErrorException", error),
        "exception unknown": exception("newException", error),
        "exception without JSON": exception("internalServerException", b"oops"),
        "exception without a body": exception("validationException", b""),
        "error": message(
            string(":message-type", "error")
            + string(":error-code", "InternalError")
            + string(":error-message", "oops"),
            b"",
        ),
        "rubbish": b"rubbish that is no frame",
        "HTML": b"<html><body>502 Bad Gateway</body></html>",
    }
    streams = {
        f"frames: {key}": before + middle + (b"" if "exception" in key else after)
        for key, middle in middles.items()
    }
    size = len(b"".join(sound))
    streams |= {
        f"cut: {key}": b"".join(sound)[:at]
        for key, at in {
            "nothing": 0, "a prelude": 12, "in a prelude": 7, "in the middle": size // 2,
            "late": -20, "before the last byte": -1, "before the end": -len(sound[-1]),
        }.items()
    }  # fmt: skip
    streams["frames: exception at first"] = exception("throttlingException", error)
    return streams


def invoked(payloads: Payloads) -> Streams:
    """What may be odd around the model's JSON."""
    half = len(payloads) // 2
    before, (_, then), after = payloads[:half], payloads[half], payloads[half + 1 :]
    middles = {
        "no p": chunk(b"{}")[1].split(b',"p"')[0] + b"}",
        "p first": b'{"p":"abc",' + then[1:].split(b',"p"')[0] + b"}",
        "spaces": then.replace(b":", b" : ", 1),
        "more keys": b'{"new":1,' + then[1:],
        "no bytes": b'{"p":"abc"}',
        "bytes of null": b'{"bytes":null,"p":"abc"}',
        "bytes empty": b'{"bytes":"","p":"abc"}',
        "bytes no base64": b'{"bytes":"!!!!","p":"abc"}',
        "bytes cut": then.replace(b'","p"', b'x","p"', 1),
        "bytes with a line end": then.replace(b'"bytes":"', b'"bytes":"\\n', 1),
        "bytes escaped": then.replace(b'"bytes":"e', b'"bytes":"\\u0065', 1),
        "no JSON inside": chunk(b"{nonsense")[1],
        "no UTF-8 inside": chunk(b'{"type":"\xff"}')[1],
        "no JSON": b"{nonsense",
        "nothing": b"",
    }
    named = {
        f"invoked: {name}": framed([*before, ("chunk", middle), *after])
        for name, middle in middles.items()
    }
    return named | {"invoked: another event": framed([*before, ("other", then), *after])}
