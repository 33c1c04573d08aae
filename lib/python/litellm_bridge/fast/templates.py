"""What LiteLLM makes of one kind of event, learnt from its own chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import frames, jsonio
from ..chunks import ChunkEncoder, Message, find_slot, plain
from .anatomy import Anatomy, Pattern
from .strings import text_of

_MARK = "\ue000text\ue000"
_PAD_MARK = "\ue000pad\ue000"

Values = dict[str, Any]


@dataclass(eq=False, slots=True)
class Template:
    """state: the wrapper's, with which it was learnt, and which its events leave as it is."""

    pattern: Pattern
    slot: int
    pad_key: str
    value: Values  # the chunk, with "" for text and padding
    chunk: Any  # LiteLLM's own, one of its kind
    state: Any
    text: str  # what it was learnt from
    pad: str
    parts: list[bytes]  # the chunk's JSON around text and padding
    proven: bool = False

    def whole(self, text: bytes, pad: bytes) -> bytes:
        """The chunk's JSON. text, pad: JSON strings."""
        parts = self.parts
        if len(parts) == 2:
            return parts[0] + text + parts[1]
        return parts[0] + text + parts[1] + pad + parts[2]

    def confirms(self, other: Template) -> bool:
        """Whether both are of one kind, and text and padding were seen to be what differs."""
        differs = self.text != other.text and (not self.pad_key or self.pad != other.pad)
        return differs and self.state == other.state and self.value == other.value

    def opposes(self, other: Template) -> bool:
        return self.state != other.state or self.value != other.value


def template_of(found: Anatomy, chunk: Any, state: Any) -> Template | None:
    """None: the text is not where it should be in LiteLLM's chunk."""
    value = plain(chunk)
    place = find_slot(value)
    if place is None:
        return None
    slot, holder, key = place
    if slot != found.slot or holder[key] != found.text:
        return None
    if found.pad_key and value.get(found.pad_key) != found.pad:
        return None
    parts = _parts(value, holder, key, found.pad_key)
    if parts is None:
        return None
    return Template(
        found.pattern, slot, found.pad_key, value, chunk, state, found.text, found.pad, parts
    )


def _parts(value: Values, holder: Values, key: str, pad_key: str) -> list[bytes] | None:
    """The JSON of value around its text and padding, which are "" in value afterwards."""
    marks = [_MARK]
    holder[key] = _MARK
    if pad_key:
        value[pad_key] = _PAD_MARK
        marks.append(_PAD_MARK)
    rest, parts = jsonio.dumps(value), []
    for mark in marks:
        before, found, rest = rest.partition(jsonio.dumps(mark))
        if not found:
            return None
        parts.append(before)
    holder[key] = ""
    if pad_key:
        value[pad_key] = ""
    return [*parts, rest]


class Replay:
    """Answers events from proven templates. Pure."""

    def __init__(self, encoder: ChunkEncoder) -> None:
        """encoder: of the chunks that LiteLLM makes."""
        self._encoder = encoder
        self._sent: Template | None = None  # whose template is the last one sent
        self.active: list[Template] = []  # those that fit the wrapper's state as it is

    def forget(self) -> None:
        """A chunk of LiteLLM's was sent as a template."""
        self._sent = None

    def read(self, event: bytes) -> tuple[Template, bytes, Message] | None:
        """The template, the text as UTF-8 and the frame to send; None: LiteLLM has to do it."""
        for template in self.active:
            tokens = template.pattern.read(event)
            if tokens is None:
                continue
            text = text_of(tokens[0])
            if text is not None and (not template.pad_key or text_of(tokens[1]) is not None):
                return template, text, self._message(template, text, *tokens)
        return None

    def _message(self, template: Template, text: bytes, token: bytes, pad: bytes) -> Message:
        if template is self._sent:
            return frames.DELTA, text
        if template.pad_key:
            return frames.CHUNK, template.whole(token, pad)
        self._sent = template
        if self._encoder.adopt(template.slot, template.value):
            return frames.DELTA, text
        return frames.TEMPLATE, frames.template(template.slot, template.whole(token, pad))
