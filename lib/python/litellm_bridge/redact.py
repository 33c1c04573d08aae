"""Takes secrets out of texts that leave this process: error texts, headers, log lines.

Three sources: values of environment variables that look like keys, arguments of the call that
carry credentials, and the known shapes of keys (a provider may quote a key in its own way).
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

MARK = "[redacted]"
SHORTEST = 6  # a shorter value would blot out ordinary words
LONGEST_KEY = 4096  # of those that are known by their shape alone

_SECRET_NAME = re.compile(
    r"key|token|secret|passw|credential|auth(?!or(?!iz))|cookie|signature", re.IGNORECASE
)
_NOT_SECRET = re.compile(
    r"^(google_application_credentials|.*_(file|path|url|endpoint|region))$"
    r"|tokens|token_count|tokenizer|cache_key",
    re.IGNORECASE,
)
_HEADER_ARGUMENTS = frozenset(("headers", "extra_headers", "default_headers"))
# Gateways name the header of their key as they like, so the harmless ones are listed instead.
_HARMLESS_HEADERS = re.compile(
    r"^(accept(-.*)?|cache-control|connection|content-.*|date|helicone-(cache|property)-.*|host"
    r"|(http-)?referer|origin|user-agent|via|x-title|traceparent|tracestate|x-stainless-.*"
    r"|x-(request|correlation|trace|client-request)-id|anthropic-(version|beta)|openai-beta)$",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"^(Bearer|Basic)\s+", re.IGNORECASE)
_SAME_IN_ALL_FORMS = re.compile(r"[A-Za-z0-9._~-]+")
_DEEPEST = 6  # fallbacks: [{litellm_params: {extra_headers: {…}}}] are five levels

_SHAPES = (
    re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/*=-]{6,}"),
    re.compile(
        r"(?i)([?&](?:api[_-]?key|key|access_token|token|sig|signature|"
        r"x-amz-signature|x-amz-security-token|x-amz-credential)=)[^&\s\"'<>]+"
    ),
    re.compile(r"()\bsk-[A-Za-z0-9_*-]{6,}"),
    re.compile(r"()\b(?:gsk_|hf_|xai-|r8_|pplx-|ghp_|AIza)[A-Za-z0-9_*-]{12,}"),
    re.compile(r"()\b(?:AKIA|ASIA)[A-Z0-9]{12,}"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+"),
)


class Redactor:
    """Knows the secrets of this moment; for several texts of one event."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """secrets: those that are not in the environment."""
        known = {form for secret in (*secrets, *environment_secrets()) for form in _forms(secret)}
        self._known = sorted(known, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, MARK)
        for shape in _SHAPES:
            text = shape.sub(rf"\1{MARK}", text)
        return text

    @property
    def reach(self) -> int:
        """Characters after a place that cut() may have to see."""
        return max((LONGEST_KEY, *map(len, self._known)))

    def cut(self, text: str, at: int) -> int:
        """The place by `at` where no secret is cut in two: the start of the one that is there; its end,
        if text begins with it.
        """
        for secret in self._known:
            start = text.find(secret, max(0, at - len(secret) + 1), at + len(secret) - 1)
            if start >= 0:
                at = start or len(secret)
        for shape in _SHAPES:
            for match in shape.finditer(text, max(0, at - LONGEST_KEY), at + LONGEST_KEY):
                if match.start() < at < match.end():
                    at = match.start() or match.end()
        return at


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """text without the secrets given, those of the environment, and what has a key's shape."""
    return Redactor(secrets)(text)


def environment_secrets() -> Iterator[str]:
    for name, value in os.environ.items():
        if len(value) >= SHORTEST and _looks_secret(name):
            yield value


def argument_secrets(arguments: Mapping[str, Any]) -> frozenset[str]:
    """Credentials among a call's arguments, those in nested objects, lists and headers too."""
    found = _walk(arguments, _looks_secret, _DEEPEST)
    return frozenset(value for value in found if len(value) >= SHORTEST)


def _walk(
    mapping: Mapping[str, Any], is_secret: Callable[[str], bool], depth: int
) -> Iterator[str]:
    for key, value in mapping.items():
        name = str(key)
        inner = _header_is_secret if name.lower() in _HEADER_ARGUMENTS else is_secret
        yield from _values(value, inner, is_secret(name), depth)


def _values(
    value: Any, is_secret: Callable[[str], bool], secret: bool, depth: int
) -> Iterator[str]:
    """secret: a text here is one, for the name that it stands under."""
    if isinstance(value, str):
        if secret:
            yield from (value, _SCHEME.sub("", value).strip())
    elif depth > 0 and isinstance(value, Mapping):
        yield from _walk(value, is_secret, depth - 1)
    elif depth > 0 and isinstance(value, (list, tuple)):
        for item in value:
            yield from _values(item, is_secret, secret, depth - 1)


def _header_is_secret(name: str) -> bool:
    return _HARMLESS_HEADERS.search(name) is None


@functools.lru_cache(maxsize=1024)
def _looks_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None and _NOT_SECRET.search(name) is None


def _forms(secret: str) -> Iterable[str]:
    """As it is, inside a URL, and escaped as in a repr or JSON; none with the blanks around it, which
    may be escaped, cut off or sent.
    """
    core = secret.strip()
    if len(core) < SHORTEST:
        return ()
    if _SAME_IN_ALL_FORMS.fullmatch(core):
        return (core,)
    raw = core.encode("utf-8", "backslashreplace")
    escaped = (repr(core)[1:-1], repr(raw)[2:-1], json.dumps(core)[1:-1])
    return dict.fromkeys((core, quote(raw, safe=""), *escaped))
