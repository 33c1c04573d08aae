"""Streams at a fraction of LiteLLM's CPU, with exactly its results.

LiteLLM does everything up to the response. Then the provider's bytes are read here and cut into
events. What LiteLLM makes of an event is learnt from LiteLLM itself: two events that differ in
their text alone must give chunks that differ in that text alone, and must leave the state of its
stream wrapper as it was. From then on such events are answered from the template. Every other
event goes through LiteLLM's own code, whose state is first made what it would be.
"""

from __future__ import annotations

from .fit import fitting
from .stream import FastStream

__all__ = ["FastStream", "fitting"]
