"""Where records come from: one file or folder a source, which says everything of it in its SOURCE (source.py).

registry.py finds the sources, settings.py makes the settings of a run from them, splits.py has one of them read.
Importing this package or listing the sources loads neither pandas nor a vendor's library.
"""
