"""An import that keeps the GIL. HOLDS names a file that says so."""

import ctypes
import os

open(os.environ["HOLDS"], "x").close()
ctypes.PyDLL(None).sleep(600)
