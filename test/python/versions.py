"""Where the two versions of LiteLLM that the tests run on differ."""

from __future__ import annotations

from importlib import metadata

LITELLM = metadata.version("litellm")
IS_LOCKED = LITELLM == "1.78.7"  # else the newer one of test/newer.lock
