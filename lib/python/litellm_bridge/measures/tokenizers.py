"""The tokenizers that LiteLLM ships are loaded when a text is counted, and kept without what only
their making needs.

LiteLLM asks for tiktoken's cl100k_base at its import, for calls that may never count any; and
each stream counts an empty text. A loaded tokenizer keeps its tokens three times for itself, and
a fourth time in a Python dictionary that is read when somebody derives another from it.

Safe: only what is at hand as a file is put off, so no network is reached later that was not
before. The object is the one that tiktoken hands to everybody, and is an Encoding (of a class
below it) at all times. Where and what it is loaded from is tiktoken's business, as ever.
Gains 65 ms and 38 MB of 1,270 ms and 160 MB; once it is loaded 14 MB, o200k_base 26 MB
[measured, LiteLLM 1.78.7].
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from types import ModuleType
from typing import Any

from . import imports
from .fitness import Unfit, require

# What the files are called in tiktoken's cache: the SHA-1 of their address.
_FILES = {
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "p50k_base": "ec7223a39ce59f226a68acc30dc1af2788490e15",
}
_CACHE = "TIKTOKEN_CACHE_DIR"
_RANKS = "_mergeable_ranks"
# Text that looks like a special token is text.
ORDINARY: dict[str, Any] = {"disallowed_special": ()}

_logger = logging.getLogger("litellm_bridge")

# Made from tiktoken's constructor, the folder and the file: what answers encode() of a text before
# the encoding is loaded (None: it can't). Set by the measure `counting` while it is in force.
Make = Callable[[Callable[[], Any], str, str], Any]
counter: Make | None = None


@contextmanager
def deferred() -> Iterator[None]:
    """From the import of tiktoken on, it gives out encodings that load themselves.

    Newer versions of LiteLLM import it when they count: it is waited for after the block, too.
    """
    make = counter

    def change(tiktoken: ModuleType) -> None:
        with suppress(Unfit):  # another tiktoken: it loads at once
            _change(tiktoken, make)

    with imports.after("tiktoken", change):
        yield
    if "tiktoken" not in sys.modules:
        imports.once_there("tiktoken", change)


def _change(tiktoken: Any, make: Make | None) -> None:
    registry, encoding = tiktoken.registry, tiktoken.Encoding
    require(type(getattr(registry, "ENCODINGS", None)) is dict, "encodings are kept in a dict")
    require("ENCODINGS" in registry.get_encoding.__code__.co_names, "get_encoding looks there")
    require(hasattr(getattr(registry, "_lock", None), "acquire"), "the registry has a lock")
    require(not hasattr(encoding, "__getattr__"), "an Encoding looks up nothing itself")
    require("__slots__" not in vars(encoding), "an Encoding has no slots")
    pending = _pending_class(encoding, registry, make)

    class Shelf(dict[str, Any]):
        """The registry's encodings: what is at hand as a file counts as being there."""

        def __contains__(self, name: object) -> bool:
            if not super().__contains__(name) and _at_hand(name):
                with registry._lock:
                    self.setdefault(str(name), pending.of(name))
            return super().__contains__(name)

    registry.ENCODINGS = Shelf(registry.ENCODINGS)


def _at_hand(name: object) -> bool:
    """Whether the encoding's file is where tiktoken will look first."""
    folder = os.environ.get(_CACHE)
    file = _FILES.get(name) if isinstance(name, str) else None
    return bool(folder and file and os.path.isfile(os.path.join(folder, file)))


def _pending_class(encoding: Any, registry: Any, make: Make | None) -> Any:
    """A class of encodings that have only a name until one of their parts is asked for."""

    class Loaded(encoding):  # type: ignore[misc]
        """An encoding whose dictionary of tokens is read again by whoever asks for it."""

        def _get_ranks(self) -> Any:
            own = self.__dict__
            if _RANKS not in own:
                own.setdefault(_RANKS, _parts(registry, *own["_source"])["mergeable_ranks"])
            return own[_RANKS]

        def _set_ranks(self, ranks: Any) -> None:
            self.__dict__[_RANKS] = ranks

        _mergeable_ranks = property(_get_ranks, _set_ranks)
        del _get_ranks, _set_ranks

        def __reduce_ex__(self, protocol: Any) -> Any:
            return encoding.__new__, (encoding,), self.__getstate__()

    class Pending(Loaded):
        @classmethod
        def of(cls, name: str) -> Any:
            made = cls.__new__(cls)
            made.__dict__["_source"] = name, os.environ[_CACHE]
            return made

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__") and name.endswith("__"):
                raise AttributeError(name)
            load(self)
            return getattr(self, name)

    counters = _Counters(registry, make)
    Pending.encode = _lighter(encoding.encode, counters, {})
    Pending.encode_ordinary = _lighter(encoding.encode_ordinary, counters, ORDINARY)

    def load(self: Any) -> None:
        with registry._lock:
            if type(self) is Pending:
                encoding.__init__(self, **_parts(registry, *self.__dict__["_source"]))
                self.__dict__.pop(_RANKS)
                counters.drop(self.__dict__["_source"])
                self.__class__ = Loaded

    for shown in (Loaded, Pending):
        shown.__module__, shown.__doc__ = encoding.__module__, encoding.__doc__
        shown.__name__, shown.__qualname__ = encoding.__name__, encoding.__qualname__
    return Pending


class _Counters:
    """Of the encodings that are not loaded; each is made when its first text is counted."""

    def __init__(self, registry: Any, make: Make | None) -> None:
        self._registry = registry
        self._make = make
        self._made: dict[tuple[str, str], Any] = {}

    def encode(self, encoding: Any, text: str, kwargs: dict[str, Any]) -> list[int] | None:
        """None: the encoding itself must be asked."""
        source = encoding.__dict__["_source"]
        if self._make is not None and source not in self._made:
            with self._registry._lock:
                if source not in self._made:
                    self._made[source] = self._new(*source)
        made = self._made.get(source)
        return None if made is None else made.encode(text, kwargs)

    def drop(self, source: tuple[str, str]) -> None:
        self._made[source] = None

    def _new(self, name: str, folder: str) -> Any:
        if self._registry.ENCODING_CONSTRUCTORS is None:
            self._registry._find_constructors()
        constructor = self._registry.ENCODING_CONSTRUCTORS[name]
        try:
            return self._make and self._make(constructor, folder, _FILES[name])
        except Exception as exc:  # of a tiktoken that is another than we know
            _logger.debug("%s is not counted without its tables: %s", name, exc)
            return None


def _lighter(plain: Any, counters: _Counters, implied: dict[str, Any]) -> Any:
    """plain, without a look at tiktoken's tables where they are not needed.

    implied: what encode() would be called with to do the same.
    """

    @wraps(plain)
    def encode(self: Any, text: str, **kwargs: Any) -> list[int]:
        if type(text) is str and kwargs in ({}, ORDINARY) and not (kwargs and implied):
            if not text:
                return []
            tokens = counters.encode(self, text, kwargs or implied)
            if tokens is not None:
                return tokens
        return plain(self, text, **kwargs)  # type: ignore[no-any-return]

    return encode


def _parts(registry: Any, name: str, folder: str) -> Any:
    """What tiktoken's constructor of that name gives, from the folder of the time of import."""
    if registry.ENCODING_CONSTRUCTORS is None:
        registry._find_constructors()
    now = os.environ.get(_CACHE)
    if now == folder:
        return registry.ENCODING_CONSTRUCTORS[name]()
    os.environ[_CACHE] = folder
    try:
        return registry.ENCODING_CONSTRUCTORS[name]()
    finally:
        os.environ.pop(_CACHE)
        if now is not None:
            os.environ[_CACHE] = now
