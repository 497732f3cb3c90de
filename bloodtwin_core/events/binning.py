"""From events to records: the only place that decides what becomes of an event on the five-minute grid.

- The record at t tells of (t - 5 min, t]: what it holds is known at t, and none of it comes from later.
- Glucose is the bin's reading: of two the later, of two sensors always the same one, never a mean. Where a bin has no
  reading it holds the one before if that is at most 7.5 min old at t, and otherwise glucose is missing.
- delta_bg stands only between readings of two neighbouring bins; one carried forward is no reading.
- The basal rate is the time-weighted mean over the bin; a bolus counts where it was delivered.
- Records begin with the first event and end with the last, but no further than max_gap_hours from a reading, and where
  there is no reading for longer than that there are no records.
- Every unit of insulin and every gram in the events is in the records, or counted as outside of them.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.amounts import amounts_in
from bloodtwin_core.events.grid import BIN_SECONDS, Bins, bins_of, ends_of, seconds_of
from bloodtwin_core.events.insulin import InsulinBins, delivery_ends, insulin_bins, room_needed
from bloodtwin_core.events.kinds import GlucoseEvents, PumpEvents
from bloodtwin_core.events.placeholders import placeholder_readings
from bloodtwin_core.events.plausible import refuse_impossible, with_possible_times
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.sensors import one_reading_per_bin, one_sensor
from bloodtwin_core.records import FEATURES, RECORDS_PER_HOUR, Feature, Mask, PumpRecords, records_from_signals

_LATEST_SHIFTED = np.datetime64("2100-01-01T00:00:00", "s")
"""The last time that events can have whose dates their publisher moved."""
LONGEST_CARRY_SECONDS = 450
"""A reading stands for at most 7.5 min, one and a half times a sensor's interval, as in the bloodBath files."""


def records_from_events(
    events: PumpEvents, max_gap_hours: float, now: np.datetime64 | None = None, features: tuple[str, ...] = FEATURES
) -> tuple[PumpRecords, Repairs]:
    """The records of one pump, and all that was repaired, the source's own repairs included.

    features: those of the records; events of other extra features are as if they had never been told. now (UTC) is when
    the events were read, by default this computer's clock: later events are refused and counted, as are those before
    2020. Raises DataError if no reading is left or an amount is impossible in its unit.
    """
    if now is None:
        now = _LATEST_SHIFTED if events.dates_are_shifted else np.datetime64("now", "s")
    events = with_possible_times(events.with_extra_of(features), now).without_repeats()
    refuse_impossible(events)
    readings, glucose_repairs = _followed_readings(events.glucose)
    if len(readings) == 0:
        todo = "Give readings together with the pump's events, or leave it out (data.pump_ids)"
        raise DataError(f"pump {events.pump_id} has no glucose reading{_because(glucose_repairs)}", todo=todo)
    insulin = _insulin(events, readings)
    bins = _recorded_bins(bins_of(readings.times), insulin.first, _last_bin(events, insulin), max_gap_hours)
    bins = bins[bins <= bins_of(np.array([now]))[0]]
    glucose, carried = _glucose_in(bins, readings)
    place = bins - insulin.first
    extra = {name: amounts_in(bins, name, told) for name, told in events.extra.items()}
    records = records_from_signals(
        events.pump_id,
        ends_of(bins),
        glucose,
        insulin.basal_rate[place],
        insulin.bolus_dose[place],
        {name: amounts.amount for name, amounts in extra.items()},
    ).with_features(features)
    _forget_change_of(records, carried)
    repairs = (
        events.repairs
        + glucose_repairs
        + insulin.repairs_in(place)
        + Repairs.of(RepairKind.readings_carried_forward, int(carried.sum()))
        + Repairs.of(RepairKind.readings_clipped, int((records.feature(Feature.bg_clip_flag) == 1).sum()))
        + Repairs.of(RepairKind.insulin_outside_records, _units_outside(insulin, place))
        + Repairs.of(RepairKind.amounts_outside_records, sum(amounts.outside for amounts in extra.values()))
    )
    return replace(records, wearer_zone=events.wearer_zone), repairs


def _followed_readings(events: GlucoseEvents) -> tuple[GlucoseEvents, Repairs]:
    """At most one true reading for each bin, of one sensor at a time."""
    filled = placeholder_readings(events)
    events = events.chosen(~filled)
    followed = one_sensor(events)
    readings, repairs = one_reading_per_bin(events.chosen(followed))
    repairs += Repairs.of(RepairKind.placeholder_readings, int(filled.sum()))
    return readings, repairs + Repairs.of(RepairKind.second_sensor_readings, int((~followed).sum()))


def _because(repairs: Repairs) -> str:
    return f" ({'; '.join(repairs.sentences())})" if repairs else ""


def _insulin(events: PumpEvents, readings: GlucoseEvents) -> InsulinBins:
    """Insulin of every bin from the first event to the last delivery."""
    extra = [kind.times for kind in events.extra.values()]
    times = np.concatenate(
        [readings.times, events.basal.times, events.bolus.times, delivery_ends(events.bolus), *extra]
    )
    bins = bins_of(times)
    delivered = insulin_bins(events.basal, events.bolus, int(bins.min()), int(bins.max()) + room_needed(events.bolus))
    return delivered.without_boluses_in(bins_of(events.insulin_unknown))


def _last_bin(events: PumpEvents, insulin: InsulinBins) -> int:
    """The bin of the last event but readings, and of the last delivery."""
    return max([insulin.last, *(int(bins_of(kind.times[-1:])[0]) for kind in events.extra.values() if len(kind))])


def _recorded_bins(readings: Bins, first: int, last: int, max_gap_hours: float) -> Bins:
    """The bins that become records: those of the events (first to last), but none in a longer gap between readings."""
    longest = int(max_gap_hours * RECORDS_PER_HOUR)
    first = max(first, int(readings[0]) - longest)
    last = min(max(last, int(readings[-1])), int(readings[-1]) + longest)
    bins = np.arange(first, last + 1, dtype=np.int64)
    before = readings[np.maximum(np.searchsorted(readings, bins, side="right") - 1, 0)]
    after = readings[np.minimum(np.searchsorted(readings, bins, side="left"), len(readings) - 1)]
    kept: Bins = bins[after - before <= longest]
    return kept


def _glucose_in(bins: Bins, readings: GlucoseEvents) -> tuple[Floats, Mask]:
    """Glucose (mg/dL) of each bin [record], NaN where it is missing, and where it is the reading of the bin before."""
    latest = np.searchsorted(readings.times, ends_of(bins), side="right") - 1
    reading = np.maximum(latest, 0)
    own = (latest >= 0) & (bins_of(readings.times)[reading] == bins)
    age = bins * BIN_SECONDS - seconds_of(readings.times)[reading]
    carried = (latest >= 0) & ~own & (age <= LONGEST_CARRY_SECONDS)
    return np.where(own | carried, readings.glucose[reading], np.nan), carried


def _forget_change_of(records: PumpRecords, carried: Mask) -> None:
    """delta_bg to and from a glucose that is carried forward would be a change that nobody measured."""
    delta = records.values[:, Feature.delta_bg.column]
    delta[carried] = np.nan
    delta[1:][carried[:-1]] = np.nan


def _units_outside(insulin: InsulinBins, place: npt.NDArray[np.int64]) -> float:
    """U of insulin up to the last event, delivery and record that no record holds."""
    last = max(insulin.last - insulin.first, int(place[-1]))
    units = insulin.units()[: last + 1]
    units[place] = 0.0
    return float(round(units.sum(), 3))
