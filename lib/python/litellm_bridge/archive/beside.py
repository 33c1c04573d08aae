"""What another layer put beside a layer's packages: both have their folders in /opt/python.

What the archive names comes from it, whatever the order of the layers. All else is found as ever.
"""

from __future__ import annotations

import _imp
from _frozen_importlib_external import BYTECODE_SUFFIXES, SOURCE_SUFFIXES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file import Archive, Table

_INFO = ".dist-info"
_MODULES = (*SOURCE_SUFFIXES, *BYTECODE_SUFFIXES, *_imp.extension_suffixes())


def mixed(archive: Archive) -> list[str]:
    """A sentence for each package or module that is there twice."""
    return [
        f"{folder}/{name} is another layer's; {ours} of the layer with litellm is used"
        for folder, (names, known) in archive.added.items()
        for table in [archive.table(folder)]
        for name in names
        for ours in _same(name, known, table)
    ]


def _same(name: str, known: list[str], table: Table) -> list[str]:
    """What the layer has of the same name: a package (its folder of metadata), or a module."""
    if name.endswith(_INFO):
        return [own for own in known if own.endswith(_INFO) and _package(own) == _package(name)]
    module, dot, _ = name.partition(".")
    if dot and not name.endswith(_MODULES):
        return []
    return [module] if isinstance(table.get(module), (tuple, str)) else []


def _package(info: str) -> str:
    name = info.removesuffix(_INFO).rpartition("-")[0]
    return name.lower().replace("_", "-").replace(".", "-")
