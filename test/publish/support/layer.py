"""Writes a zip of a layer's form: layer.py FILE ARCH LITELLM [BYTES of ballast [BYTES claimed unpacked]]."""

import json
import os
import sys
import zipfile

MANIFEST = "python/litellm-bridge.json"


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.external_attr = (0o100000 | mode) << 16
    return info


def main(file: str, arch: str, litellm: str, ballast: int = 0, claimed: int = 0) -> None:
    manifest = {
        "format": 1,
        "arch": arch,
        "variant": "default",
        "python": "3.11.2",
        "litellm": litellm,
    }
    with zipfile.ZipFile(file, "w") as layer:
        layer.writestr(entry("python/bin/python3", 0o755), b"\x7fELF" + arch.encode())
        layer.writestr(entry(MANIFEST, 0o644), json.dumps(manifest))
        if ballast:
            layer.writestr(entry("python/ballast", 0o644), os.urandom(ballast))
        if claimed:
            large = entry("python/large", 0o644)
            layer.writestr(large, b"", zipfile.ZIP_DEFLATED)
            large.file_size = claimed  # what the table of contents will say


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:]))  # type: ignore[arg-type]
