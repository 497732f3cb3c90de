"""What the service keeps, in one SQLite file. What a writing call has returned from is on disk."""

from contextlib import AbstractContextManager
from pathlib import Path

from bloodtwin_core.service.store.database import Database
from bloodtwin_core.service.store.documents import Documents
from bloodtwin_core.service.store.events import Events
from bloodtwin_core.service.store.forecasts import Forecasts
from bloodtwin_core.service.store.kinds import EventKind, StoredEvent, StoredForecast, Wearer
from bloodtwin_core.service.store.wearers import Grant, Wearers

__all__ = ["EventKind", "Grant", "Store", "StoredEvent", "StoredForecast", "Wearer"]

PROFILES = "profile"
"""The collection of documents that count however old they are."""


class Store:
    """All of it. Threads may share it."""

    def __init__(self, folder: Path, *, survives_power_cut: bool = True) -> None:
        """Raises StorageError as Database does."""
        self._database = Database(folder, survives_power_cut=survives_power_cut)
        self.wearers = Wearers(self._database)
        self.events = Events(self._database)
        self.documents = Documents(self._database)
        self.forecasts = Forecasts(self._database)

    def transaction(self) -> AbstractContextManager[None]:
        """Everything within, or nothing; on disk when the outermost block is left. Raises StorageError."""
        return self._database.transaction()

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of a transaction that may fail alone."""
        return self._database.savepoint()

    def forget_before(self, second: int) -> None:
        """Forget what is older than a second, wearer by wearer so that nobody waits long."""
        for wearer in self.wearers.all():
            with self.transaction():
                self.events.forget_before(wearer.number, second)
                self.documents.forget_before(wearer.number, second, but=PROFILES)
                self.forecasts.forget_before(wearer.number, second)

    def check(self) -> None:
        """Raise StorageError if nothing can be written."""
        self._database.check()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
