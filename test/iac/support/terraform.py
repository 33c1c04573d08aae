"""Prints Terraform's files of a folder as one JSON object: terraform.py FOLDER."""

import json
import sys
from pathlib import Path
from typing import Any

import hcl2


def main(folder: str) -> None:
    merged: dict[str, list[Any]] = {}
    for file in sorted(Path(folder).glob("*.tf")):
        with file.open() as text:
            for key, blocks in hcl2.load(text).items():
                merged.setdefault(key, []).extend(blocks)
    print(json.dumps(merged))


if __name__ == "__main__":
    main(sys.argv[1])
