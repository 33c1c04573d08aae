"""Pydantic builds the validators of LiteLLM's and OpenAI's 700 models when they are first used.

Safe: it is pydantic's own way for `defer_build`, with three things mended. Its rebuild isn't
thread-safe, so it happens under a lock; it would look for names in the frame of whoever is first
to use the model, so it is told not to; and until the build a model would show the signature of
its base class. Models that can't be built when they are defined, since a type comes later, are
tried at once, as ever; so are models that an application defines after the import.

Gains a fifth of the time of `import litellm`, and 13 MB [measured, LiteLLM 1.78.7].
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import ModuleType
from typing import Any, get_args

from . import imports
from .fitness import Unfit, require

_PARTS = ("__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__")
# A build may import, and an import may build: rather two builds at a time than a deadlock.
_LOCK_S = 5.0

_lock = threading.RLock()


@contextmanager
def deferred() -> Iterator[None]:
    """During the block, models are defined without being built."""
    with ExitStack() as stack:

        def change(construction: ModuleType) -> None:
            try:
                stack.enter_context(_changed(construction))
            except Unfit:
                pass  # another pydantic: its models are built at once

        with imports.after("pydantic._internal._model_construction", change):
            yield


@contextmanager
def _changed(construction: Any) -> Iterator[None]:
    """construction: the module pydantic._internal._model_construction."""
    defaults, lazy = _internals(construction)
    plain = construction.set_model_mocks
    unbuildable: set[Any] = set()

    def defer(cls: Any, *args: Any, **kwargs: Any) -> None:
        plain(cls, *args, **kwargs)
        if cls.model_config.get("defer_build") or cls in unbuildable:
            return  # as openai's are: nothing is different then
        if not cls.__pydantic_fields_complete__ or _names_any(cls, unbuildable):
            # It lacks a type for now. Pydantic's attempt fails soon, and leaves it as it should be.
            unbuildable.add(cls)
            _build(cls)
            return
        for part in _PARTS:
            cls.__dict__[part]._attempt_rebuild = _builder(cls, part)
        cls.__signature__ = lazy("__signature__", partial(_signature, cls))

    construction.set_model_mocks = defer
    defaults["defer_build"] = True
    try:
        yield
    finally:
        defaults["defer_build"] = False
        construction.set_model_mocks = plain


def _names_any(cls: Any, models: set[Any]) -> bool:
    """Whether a field's type mentions one of the models that are not built yet."""
    return bool(models) and any(
        _mentions(field.annotation, models) for field in cls.__pydantic_fields__.values()
    )


def _mentions(annotation: Any, models: set[Any]) -> bool:
    if isinstance(annotation, type) and annotation in models:
        return not annotation.__dict__.get("__pydantic_complete__")
    return any(_mentions(part, models) for part in get_args(annotation))


def _internals(construction: Any) -> tuple[dict[str, Any], Any]:
    """The default settings, and what makes lazy attributes."""
    from pydantic._internal import _config, _mock_val_ser

    defaults = getattr(_config, "config_defaults", None)
    require(isinstance(defaults, dict), "pydantic has a dictionary of default settings")
    require(defaults.get("defer_build") is False, "models are built at once by default")  # type: ignore[union-attr]
    require(callable(getattr(construction, "set_model_mocks", None)), "models have stand-ins")
    metaclass = getattr(construction, "ModelMetaclass", None)
    require(hasattr(metaclass, "__pydantic_fields_complete__"), "models know what they lack")
    lazy = getattr(construction, "LazyClassAttribute", None)
    require(callable(lazy), "signatures are made by a LazyClassAttribute")
    for name in ("MockCoreSchema", "MockValSer"):
        slots = getattr(getattr(_mock_val_ser, name, None), "__slots__", ())
        require("_attempt_rebuild" in slots, f"{name} calls _attempt_rebuild")
    return defaults, lazy  # type: ignore[return-value]


def _builder(cls: Any, part: str) -> Callable[[], Any]:
    """What a stand-in calls at its first use: gives the real part, or None."""
    own = cls.__dict__[part]

    def build() -> Any:
        _build(cls)
        built = getattr(cls, part)
        # A model that still lacks a type has got other stand-ins, which try again each time.
        return None if built is own else built

    return build


def _build(cls: Any) -> None:
    """As at the definition: only names of the model's own module and surroundings count."""
    locked = _lock.acquire(timeout=_LOCK_S)
    try:
        cls.model_rebuild(raise_errors=False, _parent_namespace_depth=0)
    finally:
        if locked:
            _lock.release()


def _signature(cls: Any) -> inspect.Signature:
    own = cls.__dict__["__signature__"]
    _build(cls)
    if cls.__dict__["__signature__"] is own:  # not built: then the base's is what shows
        del cls.__signature__
    signature: inspect.Signature = cls.__signature__
    return signature
