"""The start archive: the code of every module that a start needs, in one file that is mapped.

    file       the file: whether it may be trusted and fits, and what is in it; no more imports
    importing  Python's import system with it, folder by folder
    beside     what other layers put beside a layer's packages
    plan       which modules go into it, and in what order
    pack       puts it together (layer/builder does so, too)
    build      makes an environment's (npx litellm-bridge install)
    trace      which modules a start imports, for the builder

docs/start.md says how it works and when it is passed over.
"""
