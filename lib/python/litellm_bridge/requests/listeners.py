"""Whether anybody listens to LiteLLM's calls: what is left out is left out for nobody.

A `litellm.Cache` enters its name in the lists of callbacks, where nothing looks it up: it is
`litellm.cache` that says whether there is one. So the name alone is nobody. LiteLLM's modules for
Gemini make such a Cache for themselves as soon as they are imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

OF_SUCCESS = ("callbacks", "success_callback", "_async_success_callback")
# Of a call at any time.
EVERY = (
    *OF_SUCCESS,
    "input_callback",
    "failure_callback",
    "_async_input_callback",
    "_async_failure_callback",
)
_CACHE = "cache"


def anybody(holder: Any, names: Iterable[str]) -> bool:
    """Whether one of these lists of a module or a logging object has somebody in it.

    A list that is not there is empty.
    """
    return any(
        listener != _CACHE if isinstance(listener, str) else True
        for name in names
        for listener in getattr(holder, name, None) or ()
    )
