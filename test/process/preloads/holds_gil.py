"""An import that keeps the GIL, with a child of its own. HOLDS names a file that says so."""

import ctypes
import os
import subprocess

LONG_S = 600  # longer than any test

subprocess.Popen(["sleep", str(LONG_S)])
open(os.environ["HOLDS"], "x").close()
ctypes.PyDLL(None).sleep(LONG_S)
