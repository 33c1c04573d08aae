"""The names of the OpenAI client's parameters are read from its signature once.

LiteLLM looks its clients up under a key that has all of them, and asks `inspect` for the signature
in each call: 40 us.

Safe, because the names are kept for the very `__init__` that they were read from: who wraps or
replaces it (instrumentation does) has them read anew.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..measures.fitness import Unfit

NAME = "get_openai_client_initialization_param_fields"


def remembering(plain: Callable[[str], list[str]], openai: Any) -> Callable[[str], list[str]]:
    """plain: LiteLLM's. The list that is returned is the caller's."""
    known: dict[object, list[str]] = {}

    def fields(client_type: str) -> list[str]:
        client = openai.OpenAI if client_type == "openai" else openai.AzureOpenAI
        names = known.get(client.__init__)
        if names is None:
            names = known[client.__init__] = plain(client_type)
        return list(names)

    return fields


def install(litellm: ModuleType) -> None:
    """Unfit: LiteLLM has no such function."""
    import openai
    from litellm.llms.openai.common_utils import BaseOpenAILLM

    owner: Any = BaseOpenAILLM
    plain = vars(owner).get(NAME)
    if not isinstance(plain, staticmethod):
        raise Unfit(f"{NAME} is gone")
    setattr(owner, NAME, staticmethod(remembering(plain.__func__, openai)))
