"""One TLS context for all clients that ask for the same: each would read the CA bundle anew.

LiteLLM makes a context for every client, and a client for every key and address: 20 ms and a
megabyte each time, on the loop. A context is settings only; connections share it safely.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable, Hashable
from functools import wraps
from types import ModuleType
from typing import Any

from .measures import pending

NAME = "get_ssl_configuration"
_VARIABLES = ("SSL_VERIFY", "SSL_SECURITY_LEVEL", "SSL_ECDH_CURVE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_SETTINGS = ("ssl_verify", "ssl_security_level", "ssl_ecdh_curve", "ssl_certificate")
KEPT = 16  # contexts; more than so many settings are not settings but a defect

Configure = Callable[..., Any]


def install(litellm: ModuleType) -> None:
    """A LiteLLM without the function is left as it is."""
    try:
        from litellm.llms.custom_httpx import http_handler
    except ImportError:
        return
    plain = getattr(http_handler, NAME, None)
    if plain is None:
        return
    shared = _shared(plain, litellm)
    for name, module in list(sys.modules.items()):
        # Not vars: it would make all that a module of a measure has put off.
        if name.startswith("litellm.") and pending.namespace(module).get(NAME) is plain:
            setattr(module, NAME, shared)


def _shared(plain: Configure, litellm: ModuleType) -> Configure:
    made: dict[Hashable, ssl.SSLContext] = {}

    @wraps(plain)
    def configure(ssl_verify: Any = None, *args: Any, **kwargs: Any) -> Any:
        key = _key(ssl_verify, litellm) if not args and not kwargs else None
        if key in made:
            return made[key]
        context = plain(ssl_verify, *args, **kwargs)
        if key is not None and isinstance(context, ssl.SSLContext) and len(made) < KEPT:
            made[key] = context
        return context

    return configure


def _key(ssl_verify: Any, litellm: ModuleType) -> Hashable | None:
    """All that the context depends on. None: it is not to be shared."""
    settings = [ssl_verify, *(getattr(litellm, name, None) for name in _SETTINGS)]
    if not all(value is None or isinstance(value, (bool, str)) for value in settings):
        return None
    variables = [os.environ.get(name) for name in _VARIABLES]
    return (*settings, *variables, *(_version(text) for text in (*settings, *variables)))


def _version(path: Any) -> tuple[int, int] | None:
    """Of a file, if it is one: certificates are replaced in their place."""
    if not isinstance(path, str) or os.sep not in path:
        return None
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size
