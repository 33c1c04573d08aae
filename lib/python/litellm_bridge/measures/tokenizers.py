"""The tokenizer that LiteLLM counts with when it knows no other is loaded at its first use.

LiteLLM asks for tiktoken's cl100k_base at its import: 100,000 tokens, for calls that may never
count any.

Safe: only what LiteLLM ships as a file is put off, so no network is reached later that was not
before; the object is the one that tiktoken hands to everybody, is an Encoding at all times, and a
plain one as soon as it is used. Where and what it is loaded from is tiktoken's business, as ever.
Gains 65 ms and 38 MB of 1,270 ms and 160 MB [measured, LiteLLM 1.78.7].
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

from . import imports
from .fitness import Unfit, require

# What the files are called in tiktoken's cache: the SHA-1 of their address.
_FILES = {"cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"}
_CACHE = "TIKTOKEN_CACHE_DIR"


@contextmanager
def deferred() -> Iterator[None]:
    """During the block, tiktoken gives out encodings that load themselves."""
    with ExitStack() as stack:

        def change(tiktoken: ModuleType) -> None:
            try:
                stack.enter_context(_changed(tiktoken))
            except Unfit:
                pass  # another tiktoken: it loads at once

        with imports.after("tiktoken", change):
            yield


@contextmanager
def _changed(tiktoken: Any) -> Iterator[None]:
    registry, plain = tiktoken.registry, tiktoken.get_encoding
    _check(tiktoken, registry)
    pending = _pending_class(tiktoken.Encoding, registry)

    @wraps(plain)
    def get_encoding(encoding_name: str) -> Any:
        if _at_hand(encoding_name):
            with registry._lock:
                if encoding_name not in registry.ENCODINGS:
                    registry.ENCODINGS[encoding_name] = pending.of(encoding_name)
        return plain(encoding_name)

    tiktoken.get_encoding = get_encoding
    try:
        yield
    finally:
        tiktoken.get_encoding = plain


def _check(tiktoken: Any, registry: Any) -> None:
    require(tiktoken.get_encoding is registry.get_encoding, "tiktoken has one get_encoding")
    require(isinstance(getattr(registry, "ENCODINGS", None), dict), "encodings are kept")
    require(hasattr(getattr(registry, "_lock", None), "acquire"), "the registry has a lock")
    require(not hasattr(tiktoken.Encoding, "__getattr__"), "an Encoding looks up nothing itself")
    require(tiktoken.Encoding.__dictoffset__ != 0, "an Encoding keeps its parts in a dictionary")
    require("__slots__" not in vars(tiktoken.Encoding), "an Encoding has no slots")


def _at_hand(name: object) -> bool:
    """Whether the encoding's file is where tiktoken will look first."""
    folder = os.environ.get(_CACHE)
    file = _FILES.get(name) if isinstance(name, str) else None
    return bool(folder and file and os.path.isfile(os.path.join(folder, file)))


def _pending_class(encoding: Any, registry: Any) -> Any:
    """A class of encodings that have only a name until one of their parts is asked for."""

    class PendingEncoding(encoding):  # type: ignore[misc]
        @classmethod
        def of(cls, name: str) -> Any:
            made = cls.__new__(cls)
            made.__dict__["_pending"] = name, os.environ[_CACHE]
            return made

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__") and name.endswith("__"):
                raise AttributeError(name)
            _load(self)
            return getattr(self, name)

        def __reduce_ex__(self, protocol: Any) -> Any:
            _load(self)
            return self.__reduce_ex__(protocol)

    def _load(self: Any) -> None:
        with registry._lock:
            if type(self) is PendingEncoding:
                name, folder = self.__dict__["_pending"]
                encoding.__init__(self, **_parts(registry, name, folder))
                del self.__dict__["_pending"]
                self.__class__ = encoding

    return PendingEncoding


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
