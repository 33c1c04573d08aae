"""Removes what a function never uses, by the reviewed list in layer/prune.toml."""

from __future__ import annotations

import gzip
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import BuildError
from .files import remove_empty, walk
from .progress import Progress

LEVELS = {"full": ("full",), "default": ("full", "default"), "slim": ("full", "default", "slim")}


@dataclass(frozen=True)
class Rule:
    """Paths are patterns below the layer's python/, as of pathlib; a folder means all in it."""

    level: str
    reason: str
    remove: tuple[str, ...]
    keep: tuple[str, ...] = ()
    shorten: tuple[str, ...] = ()
    compress: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pruned:
    reason: str
    level: str
    bytes: int
    files: int


def read_rules(path: Path) -> list[Rule]:
    """Raises BuildError naming the rule that is not complete."""
    try:
        rules = tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
        return [_rule(rule) for rule in rules]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise BuildError(
            f"{path} can't be used: {error}", "Mend the list; its head says how"
        ) from error


def _rule(fields: dict[str, Any]) -> Rule:
    rule = Rule(
        fields["level"],
        fields["reason"],
        tuple(fields.get("remove", ())),
        tuple(fields.get("keep", ())),
        tuple(fields.get("shorten", ())),
        tuple(fields.get("compress", ())),
    )
    actions = rule.remove + rule.shorten + rule.compress
    if rule.level not in LEVELS or not rule.reason or not actions:
        raise ValueError(f"a rule needs a level, a reason and what to remove: {fields}")
    return rule


def prune(root: Path, rules: Sequence[Rule], variant: str, progress: Progress) -> list[Pruned]:
    """Applies the rules of the variant to the tree, in order."""
    chosen = [rule for rule in rules if rule.level in LEVELS[variant]]
    done = []
    for count, rule in enumerate(chosen, 1):
        size, files = _apply(root, rule)
        if files == 0:
            progress.write(f"pruned nothing: {rule.reason}")
        done.append(Pruned(rule.reason, rule.level, size, files))
        progress.count(count, len(chosen))
    remove_empty(root)
    return done


def _apply(root: Path, rule: Rule) -> tuple[int, int]:
    """Bytes saved, and the number of files that were touched."""
    removed = _files_of(root, rule)
    size = sum(file.stat().st_size for file in removed)
    for file in removed:
        file.unlink()
    shortened = _matches(root, rule.shorten)
    compressed = _matches(root, rule.compress)
    size += sum(map(_shorten, shortened)) + sum(map(_compress, compressed))
    return size, len(removed) + len(shortened) + len(compressed)


def _compress(file: Path) -> int:
    """Puts NAME.gz in its place; returns the bytes saved."""
    data = file.read_bytes()
    small = gzip.compress(data, 9, mtime=0)
    file.with_name(f"{file.name}.gz").write_bytes(small)
    file.unlink()
    return len(data) - len(small)


def _shorten(file: Path) -> int:
    """Keeps the lines up to the first empty one; returns the bytes saved."""
    data = file.read_bytes()
    head = data.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n"
    file.write_bytes(head)
    return len(data) - len(head)


def _files_of(root: Path, rule: Rule) -> list[Path]:
    kept = set(_matches(root, rule.keep))
    return [file for file in _matches(root, rule.remove) if file not in kept]


def _matches(root: Path, patterns: Sequence[str]) -> list[Path]:
    return sorted({file for pattern in patterns for file in _expand(root, pattern)})


def _expand(root: Path, pattern: str) -> Iterator[Path]:
    for path in root.glob(pattern):
        if path.is_dir():
            yield from walk(path)
        else:
            yield path
