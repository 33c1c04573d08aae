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
_PLACE = "/opt/python"


@dataclass(frozen=True)
class Job:
    source: str
    target: str
    shown: str  # the file's name in tracebacks
    docstrings: bool


def compile_all(root: Path, progress: Progress, *, sources: bool, docstrings: bool) -> None:
    """Compiles every module below `root`.

    With `sources` they stay, and the code goes to __pycache__; else it takes their place.
    The bytes depend on nothing but the files: each chunk of them has a new process, since
    marshal writes whether an object is used elsewhere in the process, too.
    """
    files = [path for path in walk(root) if path.suffix == ".py"]
    jobs = [_job(root, path, sources=sources, docstrings=docstrings) for path in files]
    chunks = [jobs[start : start + _CHUNK] for start in range(0, len(jobs), _CHUNK)]
    done = 0
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for count, failed in pool.imap_unordered(_compile_chunk, chunks, chunksize=1):
            done += count
            progress.count(done, len(jobs))
            for line in failed:
                progress.write(line)
    if not sources:
        for job in jobs:
            if os.path.exists(job.target):
                os.unlink(job.source)


def _job(root: Path, path: Path, *, sources: bool, docstrings: bool) -> Job:
    cache = importlib.util.cache_from_source(str(path))
    target = cache if sources else f"{path}c"
    return Job(str(path), target, f"{_PLACE}/{path.relative_to(root)}", docstrings)


def _compile_chunk(jobs: Sequence[Job]) -> tuple[int, list[str]]:
    """The number of files, and a line for each that is no valid Python: a template, mostly."""
    failed = []
    for job in jobs:
        try:
            _compile(job)
        except (SyntaxError, ValueError) as error:
            failed.append(f"not compiled: {job.shown}: {error}")
    return len(jobs), failed


def _compile(job: Job) -> None:
    source = Path(job.source).read_bytes()
    tree = ast.parse(source, job.shown)
    if not job.docstrings:
        remove_docstrings(tree)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(tree, job.shown, "exec", dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source)
    os.makedirs(os.path.dirname(job.target), exist_ok=True)
    Path(job.target).write_bytes(head + marshal.dumps(code))


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
