"""TLS contexts that are made during the import read their CA certificates at their first use.

LiteLLM, its SDKs and their HTTP clients make eight contexts at import, and each parses the 140
certificates of the same bundle.

Safe: verification is on at all times; a context that could not read its certificates refuses to
connect, with the error that reading gave. Put off are the system's default places, whose absence
is no error for OpenSSL either, and files that hold certificates: one that is missing, or is no
such file at all, is an error at import, as ever. After the import SSLContext is as it was.
Gains 145 ms of 1,270 ms, and 6 MB [measured, LiteLLM 1.78.7].
"""

from __future__ import annotations

import _ssl
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast
from weakref import WeakKeyDictionary

from .. import trust
from .fitness import require

_Load = Callable[[ssl.SSLContext], None]

_lock = threading.RLock()
_pending: WeakKeyDictionary[ssl.SSLContext, list[_Load]] = WeakKeyDictionary()
_seen: set[str] = set()  # files that hold certificates
_HEAD = 1 << 16  # bytes: comments may come first

_USES = (
    "wrap_socket",
    "wrap_bio",
    "_wrap_socket",
    "_wrap_bio",
    "get_ca_certs",
    "cert_store_stats",
    "load_verify_locations",
    "set_default_verify_paths",
)


@contextmanager
def deferred() -> Iterator[None]:
    """During the block, contexts note what they would read."""
    context = ssl.SSLContext
    require(all(hasattr(context, name) for name in _USES), "a context has the methods we know")
    load, load_default = context.load_verify_locations, context.set_default_verify_paths
    require(_is_ours_or_plain(load) and _is_ours_or_plain(load_default), "SSLContext is Python's")

    def load_verify_locations(self: Any, *args: Any, **kwargs: Any) -> None:
        file = _only_file(args, kwargs)
        if file is not None and _plain(self) and _holds_certificates(file):
            return _postpone(self, lambda context: load(context, file))
        _finish(self)
        load(self, *args, **kwargs)

    def set_default_verify_paths(self: Any) -> None:
        if not _plain(self):
            return load_default(self)
        _postpone(self, _default_loader(load, load_default))

    context.load_verify_locations = load_verify_locations  # type: ignore[method-assign]
    context.set_default_verify_paths = set_default_verify_paths  # type: ignore[method-assign]
    try:
        yield
    finally:
        _put_back(context, load)
        _put_back(context, load_default)


def _is_ours_or_plain(method: Any) -> bool:
    return trust.is_ours(method) or method is getattr(_ssl._SSLContext, method.__name__)


def _put_back(context: type[ssl.SSLContext], method: Any) -> None:
    """Also when it was inherited, and the class had none of its own."""
    if trust.is_ours(method):
        setattr(context, method.__name__, method)
    else:
        delattr(context, method.__name__)


def _plain(context: object) -> bool:
    return type(context) in (ssl.SSLContext, PendingContext)


def _only_file(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """The file that is to be read, if there is nothing else to read."""
    given = dict(zip(("cafile", "capath", "cadata"), args, strict=False), **kwargs)
    file = given.pop("cafile", None)
    return file if isinstance(file, str) and not any(given.values()) else None


def _holds_certificates(file: str) -> bool:
    if file not in _seen:
        with suppress(OSError), open(file, "rb") as handle:
            if b"-----BEGIN CERTIFICATE-----" in handle.read(_HEAD):
                _seen.add(file)
    return file in _seen


def _default_loader(load: Any, load_default: Any) -> _Load:
    """What set_default_verify_paths would read now, should the environment change meanwhile."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    then = [os.environ.get(name) for name in names]
    paths = ssl.get_default_verify_paths()

    def read(context: ssl.SSLContext) -> None:
        if [os.environ.get(name) for name in names] == then:
            load_default(context)
            return
        for given in ({"cafile": paths.cafile}, {"capath": paths.capath}):
            with suppress(OSError):  # OpenSSL passes over what it can't read, too
                if any(given.values()):
                    load(context, **given)

    return read


def _postpone(context: ssl.SSLContext, load: _Load) -> None:
    with _lock:
        _pending.setdefault(context, []).append(load)
        context.__class__ = PendingContext


def _finish(context: ssl.SSLContext) -> None:
    """Reads what was put off. An error leaves the context as it is: unread, and refusing."""
    with _lock:
        for load in _pending.get(context, ()):
            load(context)
        _pending.pop(context, None)
        if type(context) is PendingContext:
            cast(Any, context).__class__ = ssl.SSLContext


class PendingContext(ssl.SSLContext):
    """A context that has not read its certificates yet; a plain one as soon as it has."""


def _used(name: str) -> Callable[..., Any]:
    def use(self: ssl.SSLContext, *args: Any, **kwargs: Any) -> Any:
        _finish(self)
        return getattr(self, name)(*args, **kwargs)

    return use


for _name in _USES:
    setattr(PendingContext, _name, _used(_name))

# Texts of errors show a context: those of newer versions of aiohttp.
PendingContext.__module__ = ssl.SSLContext.__module__
PendingContext.__name__ = PendingContext.__qualname__ = ssl.SSLContext.__qualname__
