"""Compiled modules: /opt is read-only, so what is not compiled now is compiled at every start."""

from __future__ import annotations

import ast
import importlib.util
import marshal
import multiprocessing
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .files import walk
from .progress import Progress

# Flags of a .pyc: checked against a hash of its source, but never: a zip changes dates, and
# /opt does not change.
_UNCHECKED = (0b01).to_bytes(4, "little")
_CHUNK = 40  # files; each chunk in a process of its own (see compile_all)
PLACE = "/opt/python"


@dataclass(frozen=True)
class Job:
    source: Path
    shown: str  # the file's name in tracebacks
    docstrings: bool


def compile_all(root: Path, progress: Progress, *, docstrings: bool) -> dict[Path, bytes]:
    """The code of every module below `root`, marshalled, by the module's file.

    The bytes depend on nothing but the files: each chunk of them has a new process, since
    marshal writes whether an object is used elsewhere in the process, too.
    """
    files = [path for path in walk(root) if path.suffix == ".py"]
    jobs = [Job(path, f"{PLACE}/{path.relative_to(root)}", docstrings) for path in files]
    chunks = [jobs[start : start + _CHUNK] for start in range(0, len(jobs), _CHUNK)]
    codes: dict[Path, bytes] = {}
    done = 0
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for chunk, (made, failed) in zip(chunks, pool.imap(_compile_chunk, chunks), strict=True):
            codes.update(made)
            done += len(chunk)
            progress.count(done, len(jobs))
            for line in failed:
                progress.write(line)
    return codes


def write_pyc(source: Path, code: bytes, *, beside: bool) -> None:
    """For what Python reads from a file; in the source's place, or beside it in __pycache__."""
    target = Path(importlib.util.cache_from_source(str(source))) if beside else Path(f"{source}c")
    head = (
        importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source.read_bytes())
    )
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(head + code)
    if not beside:
        source.unlink()


def _compile_chunk(jobs: Sequence[Job]) -> tuple[dict[Path, bytes], list[str]]:
    """The codes, and a line for each file that is no valid Python: a template, mostly."""
    codes, failed = {}, []
    for job in jobs:
        try:
            codes[job.source] = _compile(job)
        except (SyntaxError, ValueError) as error:
            failed.append(f"not compiled: {job.shown}: {error}")
    return codes, failed


def _compile(job: Job) -> bytes:
    tree = ast.parse(job.source.read_bytes(), job.shown)
    if not job.docstrings:
        remove_docstrings(tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(tree, job.shown, "exec", dont_inherit=True, optimize=0)
    return marshal.dumps(code)


def remove_docstrings(tree: ast.Module) -> None:
    """Takes them out; asserts stay (with -OO they would go, too).

    Those of classes become a space: without any, each dataclass would write one at its start,
    from a signature that costs more than the text.
    """
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if not _has_docstring(node):
            continue
        text = node.body[0]
        if isinstance(node, ast.ClassDef):
            text.value.value = " "  # type: ignore[attr-defined]
        elif len(node.body) > 1 or isinstance(node, ast.Module):
            node.body.pop(0)
        else:
            node.body[0] = ast.copy_location(ast.Pass(), text)


def _has_docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> bool:
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
