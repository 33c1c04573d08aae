"""Vectors of an embedding are taken as they are, and not number by number.

The OpenAI client compares each number of an answer with the type that it should have, with some
2.5 us of Python for each: three quarters of all CPU that a large embedding costs.

Safe, because the client's own answer for a list of floats is a list of the same floats: a list in
which anything is not exactly a float goes its way (it makes floats of whole numbers). That it does
so is tried out when the measure is installed.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..measures.fitness import Unfit, require

Construct = Callable[..., Any]

_VECTORS = frozenset((list[float], typing.List[float]))  # noqa: UP006  (as the client writes it)
_ONLY = {float}
_SHORTEST = 16  # items: below, asking costs as much


def taking_vectors(plain: Construct) -> Construct:
    """The client's construct_type, but for vectors."""

    def construct_type(*, value: Any, type_: Any, **more: Any) -> Any:
        if type(value) is list and len(value) >= _SHORTEST and _is_vector(value, type_):
            return list(value)
        return plain(value=value, type_=type_, **more)

    return construct_type


def _is_vector(value: list[Any], kind: Any) -> bool:
    try:
        return kind in _VECTORS and set(map(type, value)) == _ONLY
    except TypeError:  # a type without a hash
        return False


def install(litellm: ModuleType) -> None:
    """Unfit: the client does otherwise."""
    try:
        from openai import _models

        client: Any = _models
        plain: Construct = client.construct_type
    except (ImportError, AttributeError) as exc:
        raise Unfit(f"the OpenAI client has another inside ({exc})") from exc
    vector = [0.5, -1e300, float("inf")] * _SHORTEST
    for kind in _VECTORS:
        require(plain(value=vector, type_=kind) == vector, "a list of floats stays what it is")
    client.construct_type = taking_vectors(plain)
