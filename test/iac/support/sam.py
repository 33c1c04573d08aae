"""Prints the CloudFormation that SAM makes of a template: sam.py FILE."""

import json
import sys
from typing import Any

from cfnlint.decode.cfn_yaml import load
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator


def uploaded(template: Any) -> Any:
    """What `sam package` does: paths of this machine become places in S3."""
    for resource in template["Resources"].values():
        for key in ("ContentUri", "CodeUri"):
            if key in resource["Properties"]:
                resource["Properties"][key] = f"s3://bucket/{resource['Properties'][key]}"
    return template


def main(file: str) -> None:
    template = uploaded(json.loads(json.dumps(load(file))))
    made = Translator({}, Parser()).translate(template, {})
    print(json.dumps(made))


if __name__ == "__main__":
    main(sys.argv[1])
