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
_BLOCK = re.compile(rb"-----BEGIN (?:X509 )?CERTIFICATE-----[^-]+-----END[A-Z0-9 ]+-----")

_logger = logging.getLogger("litellm_bridge")


def install(environ: Mapping[str, str]) -> None:
    """Adds the variable's certificates to every client's usual ones, from now on."""
    file = environ.get(VARIABLE)
    if not file:
        return
    try:
        with open(file, "rb") as handle:
            _extend(Extra(file, handle.read()))
    except (OSError, ValueError) as exc:
        _ignore(file, exc)


def is_ours(method: object) -> bool:
    """Whether it is one of the methods that `install` gives to SSLContext."""
    return getattr(method, "_litellm_bridge", False)


def _ignore(file: str, exc: Exception) -> None:
    _logger.warning("%s: %s is ignored: %s", VARIABLE, file, exc)


class Extra:
    """The file as it was at the start. Parsed when the first context needs it: that takes long.

    ValueError: it holds no certificate.
    """

    def __init__(self, file: str, content: bytes) -> None:
        if b"CERTIFICATE-----" not in content:
            raise ValueError("it holds no certificate")
        self.file = file
        self._content = content
        self._certificates: str | None = None

    def add_to(self, context: ssl.SSLContext, load: Any) -> None:
        """load: the plain load_verify_locations. Broken certificates are told once."""
        if self._certificates is None:
            blocks = _BLOCK.findall(self._content)
            self._certificates = b"\n".join(blocks).decode("ascii")
            self._content = b""
        if not self._certificates:
            return
        try:
            load(context, cadata=self._certificates)
        except ssl.SSLError as exc:
            self._certificates = ""
            _ignore(self.file, exc)


def _extend(extra: Extra) -> None:
    context = ssl.SSLContext
    load, load_default = context.load_verify_locations, context.set_default_verify_paths

    @wraps(load)
    def load_verify_locations(
        self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None
    ) -> None:
        load(self, cafile, capath, cadata)
        if cadata is None and any(_is_usual(path) for path in (cafile, capath)):
            add(self, cafile)

    @wraps(load_default)
    def set_default_verify_paths(self: ssl.SSLContext) -> None:
        load_default(self)
        add(self, ssl.get_default_verify_paths().cafile)

    def add(self: ssl.SSLContext, loaded: Any) -> None:
        # Servers check clients, not providers. And the file may be the usual one itself.
        if self.protocol != ssl.PROTOCOL_TLS_SERVER and loaded != extra.file:
            extra.add_to(self, load)

    for ours in (load_verify_locations, set_default_verify_paths):
        ours._litellm_bridge = True  # type: ignore[attr-defined]
    context.load_verify_locations = load_verify_locations  # type: ignore[method-assign]
    context.set_default_verify_paths = set_default_verify_paths  # type: ignore[method-assign]


def _is_usual(path: object) -> bool:
    if not isinstance(path, str):
        return False
    return path.endswith(_BUNDLES) or path in (os.environ.get(name) for name in _USUAL)
