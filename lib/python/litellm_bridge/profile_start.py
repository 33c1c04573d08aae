"""For `litellm-bridge doctor --start`: a start up to the import of litellm, and no further.

python3 -I -S -X utf8 -X importtime <this file>; Python then tells on standard error what each
module took. Standard output: JSON, what became of the start archive.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    parent = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path.insert(0, parent)
    from litellm_bridge import roomy
    from litellm_bridge.archive import importing

    sys.path.remove(parent)
    installed = importing.begin(parent)
    roomy.call(load)
    # A layer's own reader knows a layout that we may not.
    layers = sys.modules.get(f"{importing.LAYERS_READER}.importing")
    used = installed.archive is not None or (layers is not None and layers.in_force() is not None)
    import json  # a layer has it in the archive

    told = {"path": installed.path, "used": used, "reason": installed.reason}
    print(json.dumps(told), flush=True)
    os._exit(0)  # nothing is to be ended in order


def load() -> None:
    from litellm_bridge import engine, loops, sites, worker  # noqa: F401 (with all that it imports)

    engine.prepare_environment(os.environ)
    sites.extend(sys.path, os.environ, sys.executable)
    loops.new_loop()
    engine.load()


if __name__ == "__main__":
    main()
