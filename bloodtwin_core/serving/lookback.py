"""The lookback of the last record as the network is to see it, cut as windows are cut for training and tests."""

import math

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import (
    CARRIED_BASAL_RECORDS,
    LOWEST_MEDIAN,
    RECORD_INTERVAL,
    RECORD_MINUTES,
    RECORDS_PER_HOUR,
    Feature,
    OriginRules,
    PumpRecords,
    Rows,
    Values,
)
from bloodtwin_core.records.clock import set_time_of_day
from bloodtwin_core.records.filling import fill_from_the_past
from bloodtwin_core.records.past import NOTHING_SEEN, WearerPast, past_after, slots_of
from bloodtwin_core.records.segments import contiguous, without_long_gaps
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.rules import learnt_times, require_fresh, require_lookback, require_measured


def lookback_of(records: PumpRecords, facts: ExportFacts) -> tuple[PumpRecords, Values]:
    """The last lookback of records, and what the network sees of them, [step, feature].

    records are as intake.taken gives them. Gaps are filled from all that came before, not from the lookback alone.
    Raises DataError as Forecaster.forecast does.
    """
    pump_id, lookback = records.pump_id, facts.lookback
    require_lookback(pump_id, len(records), lookback)
    recent = records.rows(len(records) - lookback, len(records))
    breaks = breaks_in(records)
    if len(breaks):
        _require_order(records)
        _require_grid(recent)
    glucose = recent.feature(Feature.bg)
    measured = np.flatnonzero(~np.isnan(glucose))
    require_fresh(pump_id, _age_of_last(measured, lookback), facts)
    segment = latest_segment(records, breaks, facts)
    require_lookback(pump_id, len(segment), lookback, since=" since glucose was first measured")
    low = int(np.count_nonzero(glucose < LOWEST_MEDIAN))
    require_measured(pump_id, len(measured), low, lookback, facts)
    told = learnt_times(pump_id, recent.timestamps, records.wearer_zone, facts.clock)
    filled = fill_from_the_past(segment.values, facts.feature_centre, facts.features)[len(segment) - lookback :]
    set_time_of_day(filled, told)
    return recent, filled


def past_of_lookback(records: PumpRecords, facts: ExportFacts, before: WearerPast = NOTHING_SEEN) -> Values:
    """What the past says of the wearer at each record of the lookback, [step, feature of it], from all records given.

    records are as intake.taken gives them and lookback_of takes them. before: what was seen up to some record before
    the lookback; of what it has seen already nothing counts again.
    """
    return past_of_records(records, facts, before)[0][-facts.lookback :]


def past_of_records(records: PumpRecords, facts: ExportFacts, before: WearerPast) -> tuple[Values, WearerPast]:
    """What the past says at each record that follows what was seen before, and what has been seen after the last.

    Records are cut into segments and filled as for training, from all that are given.
    """
    past, said = before, [np.empty((0, len(facts.wearer_past)), dtype=np.float32)]
    for segment in contiguous(without_long_gaps(records, facts.max_gap_hours)):
        filled = fill_from_the_past(segment.values, facts.feature_centre, facts.features)
        new = int(np.searchsorted(slots_of(segment.timestamps), past.slot, side="right"))
        of_segment, past = past_after(past, segment.timestamps[new:], filled[new:])
        said.append(of_segment)
    return np.concatenate(said), past


def reach_of(rules: OriginRules, lookback: int) -> int:
    """Records up to a forecast's origin of which any can count for it.

    A basal rate is carried into the lookback for CARRIED_BASAL_RECORDS, and the reading that the carrying begins with
    for the longest gap.
    """
    return lookback + CARRIED_BASAL_RECORDS + math.ceil(rules.max_gap_hours * RECORDS_PER_HOUR) + 1


def breaks_in(records: PumpRecords) -> Rows:
    """The rows that no record follows after five minutes, but for the last."""
    times = records.timestamps
    return np.flatnonzero(times[1:] - times[:-1] != RECORD_INTERVAL)


def _require_order(records: PumpRecords) -> None:
    backward = np.flatnonzero(np.diff(records.timestamps) <= np.timedelta64(0, "s"))
    if len(backward):
        raise DataError(
            f"pump {records.pump_id}: {records.timestamps[backward[0] + 1]} does not follow the time before it",
            todo="Give records in the order of time, one for each time",
        )


def _require_grid(records: PumpRecords) -> None:
    breaks = breaks_in(records)
    if len(breaks):
        raise DataError(
            f"pump {records.pump_id}: no record stands {RECORD_MINUTES} minutes after {records.timestamps[breaks[0]]}",
            todo="Fill the grid; a reading that was not measured is NaN with bg_missing_flag 1",
        )


def _age_of_last(measured: Rows, count: int) -> float:
    """Minutes from the last of the rows with a reading to the last of so many records, infinite without any."""
    return float((count - 1 - measured[-1]) * RECORD_MINUTES) if len(measured) else math.inf


def latest_segment(records: PumpRecords, breaks: Rows, facts: ExportFacts) -> PumpRecords:
    """The end of the segment that the last record is in, as windows are cut from it.

    breaks: of breaks_in; the last reading is after them. The segment reaches back as far as anything can be carried
    into the lookback, and is empty if a gap up to the last record is long enough to end it. records/segments.py cuts
    whole histories by the same rules.
    """
    count = len(records)
    first = max(0, count - reach_of(facts, facts.lookback), int(breaks[-1]) + 1 if len(breaks) else 0)
    measured = np.flatnonzero(~np.isnan(records.feature(Feature.bg)[first:])) + first
    gaps = np.append(measured[1:], count - 1) - measured
    long = np.flatnonzero(gaps > facts.max_gap_hours * RECORDS_PER_HOUR)
    start = int(long[-1]) + 1 if len(long) else 0
    return records.rows(int(measured[start]), count) if start < len(measured) else records.rows(0, 0)
