"""Warm-up: what the first request needs is imported and built before it comes.

    warmer     the steps, and the pauses between them; gives way to calls
    rehearsal  a call through the worker and LiteLLM, answered by us: no network
    answers    what providers would answer, in their wire formats
    habits     which providers were used last time: a small file

docs/start.md says when it runs and what it costs.
"""
