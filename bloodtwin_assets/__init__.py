"""bloodTwin's asset graph: each stage reads from the artifact store, calls bloodtwin_core and writes to the store.

No mathematics belongs here.
"""

from bloodtwin_assets.definitions import defs

__all__ = ["defs"]
