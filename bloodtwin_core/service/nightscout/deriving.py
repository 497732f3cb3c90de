"""What a wearer's documents mean: insulin and carbohydrates as events, told by the code that reads sites."""

from collections.abc import Iterator

from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.service.moments import second_of
from bloodtwin_core.service.moments import time_of as moment_of_records
from bloodtwin_core.service.nightscout.documents import Collection
from bloodtwin_core.service.store import EventKind, Store, StoredEvent, Wearer
from bloodtwin_core.service.told import stored_events
from bloodtwin_core.sources.nightscout.reading import events_of_documents
from bloodtwin_core.sources.nightscout.values import BAD, Document, time_of, words

ORIGIN = "nightscout"
AHEAD_SECONDS = 24 * 3600
"""A profile's rates are told for so long ahead, so that they come into force without anything new being heard."""
_AGAIN_SECONDS = 12 * 3600
_SENSOR_STARTS = frozenset({"sensorstart", "sensorchange"})
_SENTINEL = "bloodtwin-ahead"


def derive(store: Store, wearer: Wearer, now: int, oldest_days: int) -> None:
    """Let the wearer's insulin and carbohydrates be those that the documents tell of, as of now.

    Raises SettingsError for a profile that names no zone while the wearer's is not known.
    """
    since = now - oldest_days * 24 * 3600
    events = events_told(store, wearer, since, now)
    derived = [
        *stored_events(events, ORIGIN, since),
        *_sensor_starts(store, wearer, since, now),
        StoredEvent(EventKind.derived_until, ORIGIN, now + AHEAD_SECONDS, origin=ORIGIN),
    ]
    store.events.replace(wearer.number, ORIGIN, since, derived, now)
    if not wearer.zone and events.wearer_zone:
        store.wearers.put(wearer.name, events.wearer_zone)


def needs_deriving(store: Store, wearer: Wearer, now: int) -> bool:
    """Whether what was derived ahead of a profile runs out, and documents are there to derive it from."""
    if store.events.between(wearer.number, EventKind.derived_until, now + _AGAIN_SECONDS, now + AHEAD_SECONDS):
        return False
    profiles = store.documents.newest(wearer.number, Collection.profile, 0, now)
    return next(profiles, None) is not None


def events_told(store: Store, wearer: Wearer, since: int, now: int) -> PumpEvents:
    """The events of the wearer's documents since a second. Raises SettingsError for a profile without a zone."""
    number, documents = wearer.number, store.documents
    return events_of_documents(
        wearer.name,
        [*_heard(store, wearer, since, now)],
        list(documents.newest(number, Collection.treatments, since, now)),
        list(documents.newest(number, Collection.profile, 0, now)),
        list(documents.newest(number, Collection.devicestatus, since, now)),
        default_zone=wearer.zone,
        with_carbohydrates=True,
        until=moment_of_records(now + AHEAD_SECONDS),
    )


def _heard(store: Store, wearer: Wearer, since: int, now: int) -> Iterator[Document]:
    """Readings as entries, which show that the site is alive; and one of the future, up to which profiles are told."""
    for second, *_ in store.events.between(wearer.number, EventKind.glucose, since, now):
        yield {"_id": f"reading-{second}", "type": "other", "date": second * 1000}
    yield {"_id": _SENTINEL, "type": "other", "date": (now + AHEAD_SECONDS) * 1000}


def _sensor_starts(store: Store, wearer: Wearer, since: int, now: int) -> Iterator[StoredEvent]:
    for document in store.documents.newest(wearer.number, Collection.treatments, since, now):
        if words(document, "eventType") in _SENSOR_STARTS:
            try:
                second = second_of(time_of(document, "created_at", "date", "mills", "timestamp"))
            except BAD:
                continue
            yield StoredEvent(EventKind.sensor_start, f"{ORIGIN}@{second}", second, origin=ORIGIN)
