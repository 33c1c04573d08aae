"""Every pydantic model below openai.types and litellm.types, and those that they bring along.

And those that come with openai.resources, which may import them later than without measures.
"""

from __future__ import annotations

import copy
import importlib
import json
import pickle
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydantic import BaseModel

from describe import outcome, plain, signature, unordered
from names import hash_of

ROOTS = ("openai.types", "openai.resources", "litellm.types")


def import_all() -> None:
    for root in ROOTS:
        for found in pkgutil.walk_packages(importlib.import_module(root).__path__, root + "."):
            try:
                importlib.import_module(found.name)
            except ImportError:  # needs a package that is not installed
                pass


def all_models(base: type[BaseModel] = BaseModel) -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {}
    for model in base.__subclasses__():
        found[f"{model.__module__}.{model.__qualname__}"] = model
        found.update(all_models(model))
    return found


def survey() -> Iterator[tuple[str, str]]:
    import_all()
    models = all_models()
    yield "models", repr(sorted(models))
    for name in sorted(models):
        model = models[name]
        # In this order: what an application may look at before the model's first use comes first.
        yield f"{name} dir", repr(dir(model))
        yield f"{name} signature", unordered(signature(model))
        yield f"{name} bases", repr([base.__qualname__ for base in model.__mro__])
        yield f"{name} config", repr(sorted(model.model_config.items()))
        yield f"{name} docs", repr(model.__doc__)
        yield f"{name} validates nothing", outcome(lambda model=model: model.model_validate({}))
        yield f"{name} fields", unordered(plain(repr(model.model_fields)))
        yield f"{name} computed", plain(repr(model.model_computed_fields))
        yield f"{name} dir, used", repr(dir(model))
        schema = outcome(lambda model=model: json.dumps(model.model_json_schema(), sort_keys=True))
        yield f"{name} schema", f"{len(schema)} {hash_of(unordered(schema))}"
        yield from instances(name, model)


def instances(name: str, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    sample = sample_of(model)
    yield f"{name} of a sample", outcome(lambda: model.model_validate(sample))
    wrong = outcome(lambda: model.model_validate(wrong_of(model)))
    yield f"{name} of wrong types", unordered(wrong)
    yield f"{name} of names", outcome(lambda: model(**sample))
    made: Any = None
    with suppress(Exception):
        made = model.model_construct()
        made = model.model_validate(sample)
    yield f"{name} dumped", outcome(lambda: (made.model_dump(), made.model_dump_json()))
    yield f"{name} pickled", outcome(lambda: pickle.loads(pickle.dumps(made)) == made)
    yield f"{name} copied", outcome(lambda: (copy.deepcopy(made), made.model_copy()))
    yield f"{name} is one", repr((isinstance(made, model), issubclass(type(made), BaseModel)))


def sample_of(model: type[BaseModel]) -> dict[str, Any]:
    try:
        schema = model.model_json_schema()
    except Exception:
        return {}
    return value_of(schema, schema.get("$defs", {}), 0) or {}


def wrong_of(model: type[BaseModel]) -> dict[str, Any]:
    return {name: {"no": ["such", name]} for name in model.model_fields}


VALUES = {"string": "text", "integer": 3, "number": 1.5, "boolean": True, "null": None}


def value_of(schema: Any, definitions: dict[str, Any], depth: int) -> Any:
    """Something that fits the schema, more or less."""
    if not isinstance(schema, dict) or depth > 12:
        return None
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return value_of(definitions.get(name), definitions, depth + 1)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return value_of(schema[key][0], definitions, depth + 1)
    if schema.get("type") == "array":
        return [value_of(schema.get("items", {}), definitions, depth + 1)]
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        names = properties if depth < 4 else schema.get("required", [])
        return {
            name: value_of(properties[name], definitions, depth + 1)
            for name in names
            if name in properties
        }
    return VALUES.get(schema.get("type", "string"))
