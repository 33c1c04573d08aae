"""Lets a call know the stream wrappers that LiteLLM makes for it.

Most streams are the wrapper itself; those of text completions hide it in generators. It holds
the chunks, and from them usage and cost are told.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .context import current_call


def install(litellm: ModuleType) -> None:
    """Patches CustomStreamWrapper's constructor; a LiteLLM without it is left as it is."""
    wrapper: Any = getattr(litellm, "CustomStreamWrapper", None)
    if wrapper is None:
        return
    plain = wrapper.__init__

    def remember(self: Any, *args: Any, **kwargs: Any) -> None:
        plain(self, *args, **kwargs)
        call = current_call.get()
        if call is not None:
            call.wrappers.append(self)
            if call.on_wrapper is not None:
                call.on_wrapper(self)

    wrapper.__init__ = remember
