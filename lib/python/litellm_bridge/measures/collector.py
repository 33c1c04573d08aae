"""The garbage collector rests during the import: it would look at ever more objects in vain.

What is there afterwards stays for good, so it is taken out of all later collections.

Safe: nothing in the import counts on a collection at a certain moment.
Gains 13 % of the time of `import litellm` [measured, LiteLLM 1.78.7].
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Off during the block; then everything is frozen and the collector is on."""
    gc.disable()
    try:
        yield
    finally:
        # No collection first: it takes 0.1 s, for a fraction of a megabyte.
        gc.freeze()
        gc.enable()
