"""Puts a text into a module of a layer's start archive, as its only constant.

python3 archived_text.py WORKER ARCHIVE FOLDER MODULE TEXT: FOLDER below the layer's python/.
"""

import marshal
import sys
import zlib

WORKER, ARCHIVE, FOLDER, MODULE, TEXT = sys.argv[1:]
sys.path.insert(0, WORKER)
from litellm_bridge.archive import file, pack  # noqa: E402

with open(ARCHIVE, "rb") as whole:
    index = file._read_index(whole.fileno())
    data = whole.read()
code = marshal.dumps(compile(f"text = {TEXT!r}", f"/opt/python/{FOLDER}/{MODULE}.py", "exec"))
tables = b""
for place, (offset, size, complete) in index.head["folders"].items():
    table = marshal.loads(data[index.tables_at + offset :][:size])
    if place == ("home", FOLDER):
        assert MODULE in table
        where = len(data) - index.code_at, len(code), zlib.crc32(code)
        table[MODULE] = False, *where, 0, None
    packed = marshal.dumps(table)
    index.head["folders"][place] = len(tables), len(packed), complete
    tables += packed
pack.write(
    ARCHIVE, pack.put_together(marshal.dumps(index.head), tables, data[index.code_at :] + code)
)
