"""Prints what an application sees of LiteLLM, as JSON, having imported it as the worker does.

survey.py names models | calls
"""

import contextlib
import io
import json
import os
import sys
import warnings

from litellm_bridge import measures

MEASURED = bool(int(os.environ["MEASURED"]))

with measures.applied({} if MEASURED else {measures.SWITCH: "all"}):
    import litellm

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    litellm.suppress_debug_info = True
    found = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for part in sys.argv[1:]:
            found.update(__import__(part).survey())
    print(json.dumps(found))
