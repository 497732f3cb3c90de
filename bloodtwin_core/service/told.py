"""Events of a pump, as sources tell them, as the service keeps them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.service.moments import second_of
from bloodtwin_core.service.store import EventKind, StoredEvent

LONGEST_SENSOR = 100
"""Characters of a sensor's name that are kept."""


def stored_events(events: PumpEvents, origin: str, since: int) -> Iterator[StoredEvent]:
    """The events from a second on, named."""
    return named((told for told in _told(events) if told.second >= since), origin)


def named(events: Iterable[StoredEvent], origin: str) -> Iterator[StoredEvent]:
    """The events of an origin by names of their times: an event that is told again has the same name."""
    told_before: Counter[tuple[EventKind, int]] = Counter()
    for told in events:
        # Of events of one second the last one counts, and the store sorts them by name.
        place = told_before[told.kind, told.second]
        told_before[told.kind, told.second] += 1
        yield replace(told, name=f"{origin}@{told.second}/{place:03}", origin=origin)


def _told(events: PumpEvents) -> Iterator[StoredEvent]:
    glucose, basal, bolus = events.glucose, events.basal, events.bolus
    for time, value, sensor in zip(glucose.times, glucose.glucose, glucose.sensor, strict=True):
        yield StoredEvent(EventKind.glucose, "", second_of(time), float(value), sensor=str(sensor)[:LONGEST_SENSOR])
    for time, rate in zip(basal.times, basal.rate, strict=True):
        yield StoredEvent(EventKind.basal, "", second_of(time), None if np.isnan(rate) else float(rate))
    for time, dose, minutes in zip(bolus.times, bolus.dose, bolus.minutes, strict=True):
        yield StoredEvent(EventKind.bolus, "", second_of(time), float(dose), float(minutes))
    if (announced := events.extra.get(CARBOHYDRATES)) is not None:
        for time, grams in zip(announced.times, announced.amount, strict=True):
            yield StoredEvent(EventKind.carbohydrates, "", second_of(time), float(grams))
