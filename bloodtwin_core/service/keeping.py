"""All events of an origin of the last days kept in place of those that it told before."""

from collections.abc import Sequence

from bloodtwin_core.service.ages import Ages
from bloodtwin_core.service.desk import Job
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import EventKind, Store, StoredEvent, Wearer


def keep_all_of(
    service: Service, wearer: Wearer, origin: str, events: Sequence[StoredEvent], since: int, zone: str = ""
) -> Job[int]:
    """Let these be the origin's events from a second on; how many are kept, and the outlook from then on.

    What lies ahead of the clock is left out and noted, and what is too old left out. zone: where the wearer lives, if
    that is not known yet.
    """
    ages = Ages.of(service.settings, service.now())
    first = max(since, ages.first)
    kept = [event for event in events if first <= event.second and not ages.is_ahead(event.second)]
    note = ages.note([event.second for event in events if event.kind is EventKind.glucose])

    def write(store: Store) -> int:
        store.events.replace(wearer.number, origin, first, kept, ages.now)
        if note is not None:
            store.events.put(wearer.number, [note], ages.now)
        if zone and not wearer.zone:
            store.wearers.put(wearer.name, zone)
        return len(kept)

    return service.desk.put(wearer, write)
