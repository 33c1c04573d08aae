"""What the fast path has to know of a wire format. One module per format fills it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Block(NamedTuple):
    """Events that may be much alike."""

    data: bytes  # each event with its end
    end: bytes

    def events(self) -> list[bytes]:
        return self.data[: -len(self.end)].split(self.end)


class Cutter(Protocol):
    """Cuts a provider's bytes into events, whatever pieces they come in. Pure."""

    @property
    def mixed(self) -> bool:
        """Where events end can't be told any more: pieces must go on as they come."""

    @property
    def end(self) -> bytes:
        """What the next event, which has not begun, will end with, if it is like the usual ones.
        Empty: it has begun, or that is not known."""

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now."""

    def block(self, data: bytes) -> Block | None:
        """The same in one piece. None: nothing was done, and feed has to be used."""

    def wrap(self, event: bytes) -> bytes:
        """What LiteLLM has to be given for an event, and makes all of at once."""

    def take_rest(self) -> list[bytes]:
        """The pieces that are no complete event, as they came."""


def nothing(_: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    cutter: Callable[[], Cutter]
    # Where an event's one JSON value begins in its view; -1: there is none, or it is more.
    json_at: Callable[[bytes], int]
    # What templates are learnt from and matched with, if that is not the event itself; it gives
    # None where LiteLLM has to do the event.
    view: Callable[[bytes], bytes | None] | None = None
    # What in a view makes LiteLLM act otherwise; such events are its own.
    is_odd: Callable[[bytes], object] | None = None
    # Lists of LiteLLM's iterator that each event adds itself to.
    grows: frozenset[str] = frozenset()
    # Called with LiteLLM's iterator before it reads anything.
    prepare: Callable[[Any], None] = nothing
    # Attributes of LiteLLM's iterator and their values while it reads as usual.
    requires: tuple[tuple[str, Any], ...] = ()


class Fit(NamedTuple):
    """A stream that the fast path fits."""

    format: Format
    response: Any  # the httpx response whose bytes make it up
    iterator: Any  # LiteLLM's (or the SDK's) reader of it, whose attributes are state as well
    # Lets a wrapper of LiteLLM's read other bytes. None: it asks the response's aiter_bytes().
    attach: Callable[[Any, Any], None] | None = None
    # How many bytes LiteLLM reads at a time, holding back what is less. None: as they come.
    chunk_size: int | None = None


def is_one_of(stream: Any, readers: frozenset[tuple[str, str]]) -> bool:
    """Whether its class, or one that it derives from, has one of the names: module, and name in
    it. Asked for by name, so that nothing is imported for it."""
    return any((cls.__module__, cls.__qualname__) in readers for cls in type(stream).__mro__)


def fit_of_lines(form: Format, stream: Any) -> Fit | None:
    """For a reader of LiteLLM's over aiter_lines()."""
    response = response_of_lines(stream.streaming_response)
    return None if response is None else Fit(form, response, stream)


def response_of_lines(lines: Any) -> Any:
    """The response of which lines is aiter_lines(), not begun. None: it is something else."""
    if getattr(lines, "ag_frame", None) is None or lines.ag_code.co_name != "aiter_lines":
        return None
    response = lines.ag_frame.f_locals["self"]
    utf8 = response.charset_encoding in (None, "utf-8", "UTF-8")
    return response if utf8 else None
