"""Streams at a fraction of LiteLLM's CPU, with exactly its results.

LiteLLM does everything up to the response. Then the provider's bytes are read here and cut into
events. What LiteLLM makes of an event is learnt from LiteLLM itself: of each kind of event, in
each state of LiteLLM's, which values of the chunk and of the new state are constant, and which
are copies of what was there before (a recipe). What all that was seen says the same of is known;
events that leave the state as it is are answered from a template. Every other event goes through
LiteLLM's own code, whose state is first made what it would be.
"""

from __future__ import annotations

from .fit import planned
from .stream import FastStream
from .trial import tried

__all__ = ["FastStream", "planned", "tried"]
