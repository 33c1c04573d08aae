"""Stands for that of a tracer or a coverage tool: it comes first on PYTHONPATH."""
