"""A wearer at a moment, from what is stored: records, the newest reading, and clocks that are off."""

from collections.abc import Iterator

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.service.clocks_off import clock_doubts
from bloodtwin_core.service.gridding import Told, reach_of, records_up_to_now
from bloodtwin_core.service.moments import time_of
from bloodtwin_core.service.store import EventKind, Store, Wearer
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.outlook import Present, Reading
from bloodtwin_core.serving.reasons import Doubt, Reason, doubt_of

_NEW_SENSOR_SECONDS = 3 * 3600
"""A gap in the readings after a sensor's start is its warm-up, if it ends within so long of it."""
_FIRST_READINGS_SECONDS = 30 * 60


def present_of(store: Store, wearer: Wearer, now: int, facts: ExportFacts) -> Present:
    """The wearer at a moment (second since 1970 UTC), from what was stored of the time up to then."""
    moment, reading = time_of(now), _newest_reading(store, wearer, now, facts)
    off = tuple(clock_doubts(store, wearer, now, facts.max_reading_age_minutes))
    if off or reading is None:
        return Present(wearer.name, moment, reading=reading, refusals=off)
    try:
        told, records = records_up_to_now(store, wearer, now, facts)
    except DataError as error:
        return Present(wearer.name, moment, reading=reading, refusals=(doubt_of(error),))
    doubts = tuple(_warm_up(store, wearer, told, now))
    return Present(wearer.name, moment, records, reading, doubts=doubts)


def _newest_reading(store: Store, wearer: Wearer, now: int, facts: ExportFacts) -> Reading | None:
    newest = store.events.newest(wearer.number, EventKind.glucose, now - reach_of(facts, facts.lookback), now)
    return None if newest is None else Reading(time_of(newest[0]), newest[1])


def _warm_up(store: Store, wearer: Wearer, told: Told, now: int) -> Iterator[Doubt]:
    """Of a sensor that is known to be new; from readings alone doubts_in tells it after a long gap."""
    since = now - _NEW_SENSOR_SECONDS - _FIRST_READINGS_SECONDS
    starts = store.events.between(wearer.number, EventKind.sensor_start, since, now)
    if not starts:
        return
    started = starts[-1][0]
    first = next((row[0] for row in told[EventKind.glucose] if row[0] > started), None)
    if first is not None and now - first <= _FIRST_READINGS_SECONDS:
        minutes = (now - started) // 60
        what = f"A new sensor was started {minutes} min ago; its first readings tell less"
        yield Doubt(Reason.sensor_warm_up, what, widening=1.4)
