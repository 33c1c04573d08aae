"""The start archive: the code of every module that a start needs, in one file that is mapped.

    file       the file: whether it may be trusted and fits, and what is in it; no more imports
    importing  Python's import system with it, folder by folder
    build      makes it (npx litellm-bridge install, and the layer's build)
    trace      which modules a start imports, for the builder

docs/start.md says how it works and when it is passed over.
"""
