"""Stored events to outlooks: of many wearers at once, with the model that is in use now."""

from collections.abc import Sequence

from bloodtwin_core.service.clock import Now
from bloodtwin_core.service.gridding import present_of
from bloodtwin_core.service.store import Store, StoredEvent, Wearer
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.outlook import Outlook, outlooks


class Engine:
    """Keeps nothing between two calls but the model: what it says follows from store, clock and model alone."""

    def __init__(self, store: Store, forecaster: Forecaster, now: Now) -> None:
        self.store, self.now = store, now
        self.forecaster = forecaster

    def keep(self, brought: Sequence[tuple[Wearer, Sequence[StoredEvent]]]) -> list[int]:
        """Keep the events of each in one transaction; how many of each changed anything. Raises StorageError."""
        if not brought:
            return []
        received = int(self.now())
        with self.store.transaction():
            return [self.store.put_events(wearer.number, events, received) for wearer, events in brought]

    def outlooks(self, wearers: Sequence[Wearer]) -> list[Outlook]:
        """The outlook of each wearer now."""
        forecaster, now = self.forecaster, int(self.now())
        return outlooks(forecaster, [present_of(self.store, wearer, now, forecaster.facts) for wearer in wearers])
