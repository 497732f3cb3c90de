"""A wearer's exports as events in UTC: local times converted, files merged, silence of the pump taken as not known.

Exports may overlap. Each log speaks for its own time: what its rows imply beyond it (when the last automatic delivery
is over, when a bolus began that the first rows only end) is left to another export that holds that time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.clocks import device_times, recorded_oldest_first, utc_from_local
from bloodtwin_core.events.kinds import AmountEvents, BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.events.silence import until_unheard
from bloodtwin_core.events.stated_totals import StatedTotals
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import CARBOHYDRATES, Timestamps
from bloodtwin_core.sources.device_exports.local import LocalEvents, LocalTotals

_Value = TypeVar("_Value", bound=np.generic)
_DAY = np.timedelta64(24 * 3600, "s")


@dataclass(frozen=True)
class _InUtc:
    """One export: its events, and when its pump wrote to its log, [row], sorted."""

    events: PumpEvents
    heard: Timestamps


def merged_in_utc(pump_id: str, exports: Sequence[LocalEvents], time_zone: str) -> PumpEvents:
    """The events of all exports of one wearer, in UTC, without exact repeats.

    Raises SettingsError if there is no such time zone.
    """
    clocks = _clocks(exports, zone_named(time_zone))
    parts = [_in_utc(pump_id, export, times, time_zone) for export, times in zip(exports, clocks.lists, strict=True)]
    own = [
        _within_own_time(part, parts[:place] + parts[place + 1 :]) if len(part.heard) else part.events
        for place, part in enumerate(parts)
    ]
    merged = PumpEvents(pump_id, repairs=clocks.repairs, wearer_zone=time_zone).merged(*own)
    heard: Timestamps = np.sort(np.concatenate([_no_times(), *(part.heard for part in parts)]))
    return until_unheard(merged, heard) if len(heard) else merged


@dataclass(frozen=True)
class _Clocks:
    """UTC [event] of every list of every export, as LocalEvents.timed lists them, and what was repaired."""

    lists: list[list[Timestamps]]
    repairs: Repairs


def _clocks(exports: Sequence[LocalEvents], zone: ZoneInfo) -> _Clocks:
    """The times of all lists in UTC, of each device by one clock, whatever kinds and files they are of."""
    repairs = Repairs()
    lists: list[list[Timestamps]] = [[] for _ in exports]
    for clock in dict.fromkeys(export.clock for export in exports):
        mine = [place for place, export in enumerate(exports) if export.clock == clock]
        told = [[_recorded(times, times) for times in exports[place].timed()] for place in mine]
        right, by_list, found = device_times([times for export in told for times in export], zone)
        repairs += found
        for place, export in zip(mine, told, strict=True):
            lists[place], right = right[: len(export)], right[len(export) :]
            # What was heard or announced stands beside entries whose repairs are counted already.
            counted = len(export) - len(exports[place].heard) - len(exports[place].carbohydrates)
            repairs += sum(by_list[:counted], Repairs())
            by_list = by_list[len(export) :]
    return _Clocks(lists, repairs)


def _recorded(values: npt.NDArray[_Value], times: Timestamps) -> npt.NDArray[_Value]:
    """A column [event] of a list with these times, in recording order."""
    return values if recorded_oldest_first(times) else values[::-1]


def _in_utc(pump_id: str, export: LocalEvents, clock: Sequence[Timestamps], time_zone: str) -> _InUtc:
    utc = iter(clock)
    parts = [PumpEvents(pump_id, repairs=export.repairs)]
    for glucose in export.glucose:
        readings, sensor = (_recorded(column, glucose.times) for column in (glucose.glucose, glucose.sensor))
        parts.append(PumpEvents(pump_id, glucose=GlucoseEvents.of(next(utc), readings, sensor)))
    for basal in export.basal:
        rate = _recorded(basal.rate, basal.times)
        parts.append(PumpEvents(pump_id, basal=BasalEvents.of(next(utc), rate)))
    for bolus in export.bolus:
        dose, minutes = (_recorded(column, bolus.times) for column in (bolus.dose, bolus.minutes))
        parts.append(PumpEvents(pump_id, bolus=BolusEvents.of(next(utc), dose, minutes)))
    for announced in export.carbohydrates:
        grams = _recorded(announced.grams, announced.times)
        parts.append(PumpEvents(pump_id, extra={CARBOHYDRATES: AmountEvents.of(next(utc), grams)}))
    parts += [PumpEvents(pump_id, stated=_stated(totals, time_zone)) for totals in export.stated]
    return _InUtc(PumpEvents.empty(pump_id).merged(*parts), np.sort(np.concatenate([_no_times(), *utc])))


def _no_times() -> Timestamps:
    return np.empty(0, dtype="datetime64[s]")


def _stated(totals: LocalTotals, time_zone: str) -> StatedTotals:
    """Totals of local days, from each midnight to the next."""
    zone = zone_named(time_zone)
    starts, _ = utc_from_local(totals.days, zone)
    ends, _ = utc_from_local(totals.days + _DAY, zone)
    return StatedTotals.of(starts, ends, totals.units, totals.kind)


def _within_own_time(part: _InUtc, others: Sequence[_InUtc]) -> PumpEvents:
    """An export's events, but for what it says of other times than its own that another export holds."""
    events, first, last = part.events, part.heard[0], part.heard[-1]
    later = (events.basal.times > last) & _held(events.basal.times, others)
    earlier = (events.bolus.times < first) & _held(events.bolus.times, others)
    return replace(events, basal=events.basal.chosen(~later), bolus=events.bolus.chosen(~earlier))


def _held(times: Timestamps, others: Sequence[_InUtc]) -> npt.NDArray[np.bool_]:
    held = np.zeros(len(times), dtype=bool)
    for other in others:
        if len(other.heard):
            held |= (times >= other.heard[0]) & (times <= other.heard[-1])
    return held
