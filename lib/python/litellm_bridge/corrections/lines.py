"""Lines: httpx ends them at U+2028, U+2029, U+0085 and a few more, as str.splitlines does.

In JSON those may stand in a string as they are. LiteLLM's readers of lines drop what is no whole
JSON then: the chunk is lost. Here CR, LF and CRLF end a line, as server-sent events have it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any

from ..generators import locals_of

_END = re.compile(r"\r\n|\n|\r")
_NO_DATA = re.compile(r"\s*$|:|event:|id:|retry:")
_READER = "OpenAIChatCompletionStreamingHandler"


def mend(stream: Any) -> None:
    """Of a reader of LiteLLM's that nobody has begun to read."""
    known = locals_of(getattr(stream, "streaming_response", None), "aiter_lines")
    if "self" in known and "decoder" not in known and "line" not in known:
        stream.streaming_response = aiter_lines(known["self"], _ends_at_blank_lines(stream))


def _ends_at_blank_lines(reader: Any) -> bool:
    """Whether LiteLLM takes any line without JSON for the end, once a finish reason came: usage
    that comes behind it is lost then."""
    return any(cls.__qualname__ == _READER for cls in type(reader).__mro__)


async def aiter_lines(self: Any, data_alone: bool) -> AsyncGenerator[str, None]:
    """Named as httpx's, which it stands in for: self is the response.

    data_alone: blank lines, comments and the names of events are passed over.
    """
    async for line in _lines_of(self):
        if not (data_alone and _NO_DATA.match(line)):
            yield line


async def _lines_of(response: Any) -> AsyncGenerator[str, None]:
    parts: list[str] = []  # of the line that is not complete
    held = ""
    async for text in response.aiter_text():
        body = held + text
        held = "\r" if body.endswith("\r") else ""  # its LF may be the next character
        first, *others = _END.split(body[: len(body) - len(held)])
        parts.append(first)
        if others:
            yield "".join(parts)
            for line in others[:-1]:
                yield line
            parts = [others[-1]]
    if held or any(parts):
        yield "".join(parts)
