"""A wearer's exports as events in UTC: local times converted, files merged, silence of the pump taken as not known.

Exports may overlap. Each log speaks for its own time: what its rows imply beyond it (when the last automatic delivery
is over, when a bolus began that the first rows only end) is left to another export that holds that time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.clocks import recorded_oldest_first, set_back_undone, utc_from_local
from bloodtwin_core.events.kinds import AmountEvents, BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.events.silence import until_unheard
from bloodtwin_core.events.stated_totals import StatedTotals
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import CARBOHYDRATES, Timestamps
from bloodtwin_core.sources.device_exports.local import LocalEvents, LocalTotals

AnyArray = npt.NDArray[np.generic]
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
    parts = [_in_utc(pump_id, export, time_zone) for export in exports]
    own = [
        _within_own_time(part, parts[:place] + parts[place + 1 :]) if len(part.heard) else part.events
        for place, part in enumerate(parts)
    ]
    merged = PumpEvents(pump_id, wearer_zone=time_zone).merged(*own)
    heard: Timestamps = np.sort(np.concatenate([_no_times(), *(part.heard for part in parts)]))
    return until_unheard(merged, heard) if len(heard) else merged


def _in_utc(pump_id: str, export: LocalEvents, time_zone: str) -> _InUtc:
    zone = zone_named(time_zone)

    def converted(times: Timestamps, *values: AnyArray) -> tuple[Timestamps, list[AnyArray], Repairs]:
        order = slice(None) if recorded_oldest_first(times) else slice(None, None, -1)
        utc, repairs = utc_from_local(times[order], zone)
        utc, back = set_back_undone(utc)
        return utc, [column[order] for column in values], repairs + back

    parts = [PumpEvents(pump_id, repairs=export.repairs)]
    for glucose in export.glucose:
        utc, (readings, sensor), repairs = converted(glucose.times, glucose.glucose, glucose.sensor)
        parts.append(PumpEvents(pump_id, glucose=GlucoseEvents.of(utc, readings, sensor), repairs=repairs))
    for basal in export.basal:
        utc, (rate,), repairs = converted(basal.times, basal.rate)
        parts.append(PumpEvents(pump_id, basal=BasalEvents.of(utc, rate), repairs=repairs))
    for bolus in export.bolus:
        utc, (dose, minutes), repairs = converted(bolus.times, bolus.dose, bolus.minutes)
        parts.append(PumpEvents(pump_id, bolus=BolusEvents.of(utc, dose, minutes), repairs=repairs))
    for announced in export.carbohydrates:
        utc, (grams,), _ = converted(announced.times, announced.grams)
        # Each stands with a bolus, whose clock was repaired and counted there.
        parts.append(PumpEvents(pump_id, extra={CARBOHYDRATES: AmountEvents.of(utc, grams)}))
    parts += [PumpEvents(pump_id, stated=_stated(totals, time_zone)) for totals in export.stated]
    heard = [converted(times)[0] for times in export.heard]
    return _InUtc(PumpEvents.empty(pump_id).merged(*parts), np.sort(np.concatenate([_no_times(), *heard])))


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
