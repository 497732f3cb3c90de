"""What the service keeps, in one SQLite file. What a call has returned from is on disk."""

from bloodtwin_core.service.store.database import Store
from bloodtwin_core.service.store.kinds import EventKind, StoredEvent, Wearer

__all__ = ["EventKind", "Store", "StoredEvent", "Wearer"]
