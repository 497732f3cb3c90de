"""Documents taken in: kept as they were sent, and told as events."""

from collections.abc import Sequence

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.possible import POSSIBLE_GLUCOSE
from bloodtwin_core.service.ages import Ages
from bloodtwin_core.service.nightscout.deriving import derive, needs_deriving
from bloodtwin_core.service.nightscout.documents import Collection, Sent
from bloodtwin_core.service.store import EventKind, Store, StoredEvent, Wearer
from bloodtwin_core.sources.nightscout.entries import glucose_told

ENTRIES = "nightscout_entries"
"""Origin of readings."""
_OF_INSULIN = (Collection.treatments, Collection.profile)
_LONGEST_DEVICE = 100


def require_possible(collection: Collection, sent: Sequence[Sent], ages: Ages) -> None:
    """Raise DataError if a document lies in the future; a profile may, which is in force from then on."""
    ahead = [document.second for document in sent if ages.is_ahead(document.second)]
    if ahead and collection is not Collection.profile:
        raise DataError(f"{len(ahead)} of {len(sent)} documents cannot be kept", todo=ages.sentence(max(ahead)))


def keep(store: Store, wearer: Wearer, collection: Collection, sent: Sequence[Sent], ages: Ages) -> None:
    """Keep documents, within a transaction, and what they mean. Those that are too old are forgotten at once."""
    kept = [document for document in sent if collection is Collection.profile or not ages.is_old(document.second)]
    for document in kept:
        store.documents.put(wearer.number, collection, document.second, document.document)
    oldest_days = (ages.now - ages.first) // (24 * 3600)
    if collection is Collection.entries:
        _keep_readings(store, wearer, kept, ages.now)
        if needs_deriving(store, wearer, ages.now):
            derive(store, wearer, ages.now, oldest_days)
    elif kept and collection in _OF_INSULIN:
        derive(store, wearer, ages.now, oldest_days)


def remove(store: Store, wearer: Wearer, collection: Collection, name: str, ages: Ages) -> int:
    """Forget a document, within a transaction, and what it meant; how many there were."""
    removed = store.documents.remove(wearer.number, collection, name)
    if removed and collection is Collection.entries:
        store.events.remove(wearer.number, EventKind.glucose, _name(name))
    elif removed and collection in _OF_INSULIN:
        derive(store, wearer, ages.now, (ages.now - ages.first) // (24 * 3600))
    return int(removed)


def _keep_readings(store: Store, wearer: Wearer, entries: Sequence[Sent], now: int) -> None:
    readings = []
    for entry in entries:
        glucose = glucose_told(entry.document)
        if glucose is None or not POSSIBLE_GLUCOSE.low <= glucose <= POSSIBLE_GLUCOSE.high:
            store.events.remove(wearer.number, EventKind.glucose, _name(entry.id))
            continue
        device = str(entry.document.get("device") or "")[:_LONGEST_DEVICE]
        readings.append(
            StoredEvent(EventKind.glucose, _name(entry.id), entry.second, glucose, sensor=device, origin=ENTRIES)
        )
    store.events.put(wearer.number, readings, now)


def _name(identity: str) -> str:
    return f"{ENTRIES}:{identity}"
