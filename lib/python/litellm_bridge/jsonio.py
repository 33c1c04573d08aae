"""JSON in and out: exact integers, no NaN, and orjson's speed where it is installed."""

from __future__ import annotations

import contextlib
import enum
import importlib
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .context import current_call
from .errors import error_meta

orjson: Any = None  # until it is found; an environment of the user's own need not have it

# orjson turns integers above 64 bits into floats: anything with so many digits goes to json.
_LONG_NUMBER = re.compile(rb"[0-9]{19}")


def find_orjson() -> None:
    """To be called when the folders of packages are known: this module is imported before."""
    global orjson
    with contextlib.suppress(ImportError):
        orjson = importlib.import_module("orjson")


def loads(data: bytes) -> Any:
    """ValueError when it is not JSON (also for NaN and Infinity, which are none)."""
    if orjson is not None and _LONG_NUMBER.search(data) is None:
        try:
            return orjson.loads(data)
        except ValueError:
            pass  # lone surrogates are refused by orjson alone; json has the last word
    try:
        return json.loads(data, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def dumps(value: Any) -> bytes:
    """JSON as bytes; NaN and infinities become null. TypeError when it can't be said in JSON."""
    if orjson is not None:
        try:
            data: bytes = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
            return data
        except TypeError:
            pass  # integers above 64 bits, lone surrogates: json can say them
    try:
        text = json.dumps(_clean(value), allow_nan=False, separators=(",", ":"))
    except (RecursionError, ValueError) as exc:
        raise TypeError(f"can't be said in JSON: {exc}") from None
    return text.encode("ascii")


def _plain(value: Any) -> Any:
    """What JSON has for an object that it does not know."""
    dump: Callable[[], Any] | None = getattr(value, "model_dump", None)
    if callable(dump):
        return dump()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, BaseException):  # of one request of a batch
        call = current_call.get()
        return error_meta(value, call.secrets if call is not None else ())
    raise TypeError(f"an object of type {type(value).__name__} can't be said in JSON")


def _clean(value: Any) -> Any:
    """value of plain JSON types, without NaN; str subclasses and the like are kept."""
    if value is None or isinstance(value, (str, bool, int)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(_clean(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return _clean(_plain(value))
