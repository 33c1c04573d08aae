"""NODE_EXTRA_CA_CERTS for Python: what Node trusts beyond the usual authorities, LiteLLM trusts.

As in Node, the file is read once, at the start; its certificates come on top of the usual ones,
wherever a client asks for those: certifi's bundle, the system's places, or what SSL_CERT_FILE and
the like name in their stead. A context that is given a CA of its own gets no others. A file that
can't be read is told in the log, and adds nothing.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
from collections.abc import Mapping
from functools import wraps
from typing import Any

VARIABLE = "NODE_EXTRA_CA_CERTS"
# What stands for the usual bundle or folder, with one client or another.
_USUAL = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
_BUNDLES = ("certifi/cacert.pem", "botocore/cacert.pem")
_BLOCK = re.compile(
    rb"-----BEGIN ((?:X509 )?CERTIFICATE)-----[A-Za-z0-9+/=\s]+?-----END \1-----", re.ASCII
)

_logger = logging.getLogger("litellm_bridge")


def install(environ: Mapping[str, str]) -> None:
    """Adds the variable's certificates to every client's usual ones, from now on."""
    file = environ.get(VARIABLE)
    if not file:
        return
    try:
        _extend(_certificates(file))
    except (OSError, ValueError) as exc:  # SSLError is an OSError
        _logger.warning("%s: %s is ignored: %s", VARIABLE, file, exc)


def is_ours(method: object) -> bool:
    """Whether it is one of the methods that `install` gives to SSLContext."""
    return getattr(method, "_litellm_bridge", False)


def _certificates(file: str) -> str:
    """The file's certificates, as PEM. ValueError, OSError: there are none, or broken ones."""
    with open(file, "rb") as handle:
        blocks = [match.group() for match in _BLOCK.finditer(handle.read())]
    if not blocks:
        raise ValueError("it holds no certificate")
    certificates = b"\n".join(blocks).decode("ascii")
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
    return certificates


def _extend(certificates: str) -> None:
    context = ssl.SSLContext
    load, load_default = context.load_verify_locations, context.set_default_verify_paths

    @wraps(load)
    def load_verify_locations(
        self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None
    ) -> None:
        load(self, cafile, capath, cadata)
        if cadata is None and any(_is_usual(path) for path in (cafile, capath)):
            _add(self)

    @wraps(load_default)
    def set_default_verify_paths(self: ssl.SSLContext) -> None:
        load_default(self)
        _add(self)

    def _add(self: ssl.SSLContext) -> None:
        if self.protocol != ssl.PROTOCOL_TLS_SERVER:  # servers check clients, not providers
            load(self, cadata=certificates)

    for ours in (load_verify_locations, set_default_verify_paths):
        ours._litellm_bridge = True  # type: ignore[attr-defined]
    context.load_verify_locations = load_verify_locations  # type: ignore[method-assign]
    context.set_default_verify_paths = set_default_verify_paths  # type: ignore[method-assign]


def _is_usual(path: object) -> bool:
    if not isinstance(path, str):
        return False
    return path.endswith(_BUNDLES) or path in (os.environ.get(name) for name in _USUAL)
