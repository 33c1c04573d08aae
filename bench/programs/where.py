"""Where the memory of a Python is, as a preload module: prints it when litellm is there.

node -e "const { LiteLLM } = require('.');
  const llm = new LiteLLM({ preload: 'bench/programs/where.py' });
  llm.ready().then(() => llm.close())"
"""

import collections
import gc
import os
import sys
import types

MB = 1 << 20


def by_mapping() -> collections.Counter[str]:
    """PSS in MB of each file that is mapped, and of memory that is of no file."""
    found: collections.Counter[str] = collections.Counter()
    name = ""
    with open("/proc/self/smaps") as maps:
        for line in maps:
            words = line.split()
            if words[0] == "Pss:":
                found[name] += int(words[1]) / 1024
            elif not words[0].endswith(":"):
                name = os.path.basename(words[5]) if len(words) > 5 else "[anonymous]"
    return found


def code_size(code: types.CodeType, seen: set[int]) -> int:
    """Bytes of a code object with what only it has, and of those inside it."""
    if id(code) in seen:
        return 0
    seen.add(id(code))
    parts = (code, code.co_code, code.co_consts, code.co_linetable, code.co_names)
    inner = (part for part in code.co_consts if isinstance(part, types.CodeType))
    return sum(map(sys.getsizeof, parts)) + sum(code_size(part, seen) for part in inner)


def by_kind() -> collections.Counter[str]:
    """MB of Python's objects by their type; code objects are no containers, and found by functions."""
    gc.unfreeze()
    found: collections.Counter[str] = collections.Counter()
    seen: set[int] = set()
    for thing in gc.get_objects():
        found[type(thing).__name__] += sys.getsizeof(thing) / MB
        if isinstance(thing, types.FunctionType):
            found["code"] += code_size(thing.__code__, seen) / MB
    return found


for title, found in (("PSS", by_mapping()), ("objects", by_kind())):
    print(title, ", ".join(f"{name} {size:.1f}" for name, size in found.most_common(12)))
