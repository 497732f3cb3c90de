"""Wearers with histories, made of the recorded one: each begins at another place of the recording."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bloodtwin_core.service.demo.recording import Recording, recorded
from bloodtwin_core.service.store import EventKind, Store, StoredEvent

ZONE = "Europe/Berlin"
EVERY = 300
"""Seconds between two readings."""


class Wearers:
    """Events of many wearers, the same for the same number."""

    def __init__(self, seed: int = 0) -> None:
        self._recording: Recording = recorded()
        self._seed = seed

    def name(self, number: int) -> str:
        """What a wearer is called."""
        return f"wearer{number:05}"

    def phase(self, number: int) -> int:
        """Seconds after a multiple of five minutes at which the wearer's sensor reads."""
        return int(np.random.default_rng((self._seed, number)).integers(EVERY))

    def glucose(self, number: int, second: int) -> float:
        """mg/dL read at a second."""
        place = self._place(number, second)
        value = float(self._recording.glucose[place])
        # Where the recording is silent for two hours, one value throughout would be known as no sensor's.
        return value if np.isfinite(value) else 120.0 + place % 5

    def history(self, number: int, until: int, hours: float) -> Iterator[StoredEvent]:
        """Readings, basal rates and boluses of the last hours up to a second."""
        last = until - (until - self.phase(number)) % EVERY
        for second in range(last - round(hours * 3600), last + 1, EVERY):
            place = self._place(number, second)
            yield StoredEvent(EventKind.glucose, f"json@{second}/s", second, self.glucose(number, second), sensor="s")
            rate = float(self._recording.basal_rate[place])
            yield StoredEvent(EventKind.basal, f"json@{second}/", second - 60, rate)
            if (dose := float(self._recording.bolus_dose[place])) > 0:
                yield StoredEvent(EventKind.bolus, f"json@{second}/", second - 60, dose)

    def _place(self, number: int, second: int) -> int:
        return (second // EVERY + number * 37) % len(self._recording)


def fill(folder: Path, count: int, until: int, hours: float) -> None:
    """A store with so many wearers and the history of each."""
    made, store = Wearers(), Store(folder, survives_power_cut=False)
    for number in range(count):
        wearer = store.wearers.put(made.name(number), ZONE)
        store.events.put(wearer.number, made.history(number, until, hours), until)
    store.close()
