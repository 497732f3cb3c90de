"""From what is stored and forecast to the view that is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.display.doses import Amounts, Doses
from bloodtwin_core.display.view import ForecastView, bands_of
from bloodtwin_core.events.silence import LONGEST_SILENCE
from bloodtwin_core.records import Timestamps
from bloodtwin_core.records.clock import zone_of
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.service.moments import second_of, time_of
from bloodtwin_core.service.store import EventKind, Store, Wearer
from bloodtwin_core.service.store.events import TimedValue
from bloodtwin_core.serving.outlook import Outlook

_BEFORE_SECONDS = 30 * 60
"""Read before what is drawn, so that the direction of the first reading is known."""


@dataclass(frozen=True)
class Reader:
    """Who looks: in which unit, how many hours back, and on which clock."""

    unit: GlucoseUnit = GlucoseUnit.mg_dl
    hours: float = 6.0
    is_twelve_hour: bool = False


def clock_of(wearer: Wearer, reader: Reader) -> WearerClock:
    """The wearer's own clock, UTC where nobody knows their zone."""
    return WearerClock(zone_of(wearer.zone) if wearer.zone else None, is_twelve_hour=reader.is_twelve_hour)


def view_now(store: Store, wearer: Wearer, outlook: Outlook, reader: Reader, now: int) -> ForecastView:
    """The last hours and the outlook at a moment (second since 1970 UTC)."""
    first, forecast = now - round(reader.hours * 3600), outlook.forecast
    readings = _known(store.events.between(wearer.number, EventKind.glucose, first - _BEFORE_SECONDS, now))
    times, glucose = _times(readings), np.array([row[1] for row in readings], dtype=np.float32)
    if not len(times) and outlook.reading is not None:
        # Older than what is drawn, but still what is known last.
        times, glucose = np.array([outlook.reading.time]), np.array([outlook.reading.glucose], dtype=np.float32)
    moment = time_of(now)
    return ForecastView(
        pump_id=wearer.name,
        origin=moment if forecast is None else forecast.origin,
        history_times=times,
        history=glucose,
        times=_times(()) if forecast is None else forecast.times,
        glucose=np.empty(0, dtype=np.float32) if forecast is None else forecast.glucose,
        bands=() if forecast is None else bands_of(forecast),
        unit=reader.unit,
        clock=clock_of(wearer, reader),
        doses=_doses(store, wearer, first, now),
        since=time_of(first),
        now=moment,
    )


def _doses(store: Store, wearer: Wearer, first: int, now: int) -> Doses:
    silence = second_of(time_of(0) + LONGEST_SILENCE)
    basal = store.events.between(wearer.number, EventKind.basal, first - silence, now)
    # The rate in force at first, and its changes.
    in_force = [row for row in basal if row[0] <= first][-1:]
    basal = [*in_force, *(row for row in basal if row[0] > first)]
    bolus, carbohydrates = (
        _known(store.events.between(wearer.number, kind, first, now))
        for kind in (EventKind.bolus, EventKind.carbohydrates)
    )
    return Doses(_amounts(basal), _amounts(bolus), _amounts(carbohydrates))


def _known(rows: Sequence[TimedValue]) -> list[TimedValue]:
    return [row for row in rows if row[1] is not None]


def _amounts(rows: Sequence[TimedValue]) -> Amounts:
    return Amounts(_times(rows), np.array([np.nan if row[1] is None else row[1] for row in rows], dtype=np.float64))


def _times(rows: Sequence[TimedValue]) -> Timestamps:
    return np.array([row[0] for row in rows], dtype=np.int64).astype("datetime64[s]")
