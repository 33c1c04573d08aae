"""Builds a Lambda layer: Python 3.11 with LiteLLM, from Debian's packages and PyPI's wheels.

Run by build.sh, with the Python, pip, strip and patchelf of those very packages.
"""
