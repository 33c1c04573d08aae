"""The warm-up's steps, each short, with a look at the calls in between: they are served first."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import time
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ..clock import milliseconds
from ..errors import InvalidArgument

if TYPE_CHECKING:
    from ..calls import Call
    from ..dispatch import Dispatcher

NAME = "bridge.warm_up"  # the call that runs it
DEFAULT = ("openai",)  # its wire format is that of most providers
STEP_S = 0.005  # imports go on for so long before the loop has a turn
TURN_S = 0.001  # in which it reads what has come
SAVE_AFTER_S = 1.0
_OF_A_CONNECTION = ("encodings.idna",)  # for the host's name; a rehearsal makes none
_MODEL_CALLS = ("completion", "text_completion", "embedding", "responses")

_logger = logging.getLogger("litellm_bridge")


def named(arguments: Mapping[str, Any]) -> list[str] | None:
    """The call's `providers`: names, or none (InvalidArgument: anything else)."""
    providers = arguments.get("providers")
    if providers is None:
        return None
    if isinstance(providers, list) and all(isinstance(name, str) for name in providers):
        return providers
    raise InvalidArgument(f"{NAME}: providers is not an array of names")


class Warmer:
    """On the loop's thread. later: for a provider the modules that its first request imports."""

    def __init__(self, later: Mapping[str, list[str]]) -> None:
        self._later = later
        self._calls = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._models: set[str] = set()
        self._used: list[str] = []
        self.residents: WeakSet[asyncio.Task[Any]] = WeakSet()  # tasks of LiteLLM's that never end

    # -- calls

    def began(self, call: Call) -> None:
        if call.name != NAME:
            self._calls += 1
            self._quiet.clear()

    def ended(self, call: Call, litellm: ModuleType | None) -> None:
        """Before the call is released."""
        if call.name == NAME:
            return
        self._calls -= 1
        if self._calls == 0:
            self._quiet.set()
        if litellm is not None and call.name in _MODEL_CALLS:
            self._note(call, litellm)

    def _note(self, call: Call, litellm: ModuleType) -> None:
        try:
            model = call.arguments.get("model")
        except ValueError:
            return
        if isinstance(model, str) and model not in self._models and len(self._models) < 1000:
            self._models.add(model)
            asyncio.get_running_loop().call_later(SAVE_AFTER_S, self._learn, litellm, model)

    def _learn(self, litellm: Any, model: str) -> None:
        try:
            provider = litellm.get_llm_provider(model)[1]
        except Exception:  # of a router's alias, and of what does not exist
            return
        if provider in self._used[:1]:
            return
        from . import habits

        self._used = [provider, *(name for name in self._used if name != provider)]
        self._used = self._used[: habits.KEPT]
        place = habits.folder(os.environ)
        asyncio.get_running_loop().run_in_executor(None, habits.write, place, self._used)

    # -- the warm-up

    async def run(self, named: list[str] | None, dispatcher: Dispatcher) -> dict[str, Any]:
        """named: providers; None: those used last time. What was done, and for how long (ms)."""
        from .rehearsal import may_rehearse, rehearse  # a start does not wait for it

        begun_ns = time.monotonic_ns()
        before = asyncio.all_tasks()
        providers = self._choose(named, dispatcher.litellm)
        for provider in providers:
            await self._import(self._later.get(provider, ()))
        await self._import(_OF_A_CONNECTION)
        if may_rehearse(dispatcher.litellm):
            for provider in providers:
                for stream in (True, False):
                    await self._turn()
                    await rehearse(provider, dispatcher, stream=stream)
        self.residents.update(asyncio.all_tasks() - before)
        return {"ms": milliseconds(time.monotonic_ns() - begun_ns), "providers": providers}

    def _choose(self, named: list[str] | None, litellm: Any) -> list[str]:
        known = {str(getattr(name, "value", name)) for name in litellm.provider_list}
        if named is None:
            from . import habits

            last = [name for name in habits.read(habits.folder(os.environ)) if name in known]
            return last or [name for name in DEFAULT if name in known]
        if unknown := [name for name in named if name not in known]:
            _logger.warning("prewarm: LiteLLM has no provider %s", ", ".join(unknown))
        return [name for name in named if name in known]

    async def _import(self, names: Iterable[str]) -> None:
        until = 0.0
        for name in names:
            if time.monotonic() > until:
                await self._turn()
                until = time.monotonic() + STEP_S
            try:
                importlib.import_module(name)
            except Exception as exc:
                _logger.debug("warm-up: %s: %s", name, exc)

    async def _turn(self) -> None:
        """Lets the loop read what has come, and waits until nothing is asked of us."""
        await asyncio.sleep(TURN_S)
        while not self._quiet.is_set():
            await self._quiet.wait()
            await asyncio.sleep(TURN_S)
