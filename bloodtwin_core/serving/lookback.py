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
    Values,
    with_time_of_day,
)
from bloodtwin_core.records.filling import fill_from_the_past
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
    _require_order(records)
    recent = records.rows(len(records) - lookback, len(records))
    _require_grid(recent)
    require_fresh(pump_id, _reading_age(recent), facts)
    segment = _latest_segment(records, lookback, facts)
    require_lookback(pump_id, len(segment), lookback, since=" since glucose was first measured")
    glucose = recent.feature(Feature.bg)
    low = int((glucose < LOWEST_MEDIAN).sum())
    require_measured(pump_id, int(np.isfinite(glucose).sum()), low, lookback, facts)
    told = learnt_times(pump_id, recent.timestamps, records.wearer_zone, facts.clock)
    filled = fill_from_the_past(segment.values, facts.feature_centre, facts.features)
    return recent, with_time_of_day(filled[len(filled) - lookback :], told)


def reach_of(rules: OriginRules, lookback: int) -> int:
    """Records up to a forecast's origin of which any can count for it.

    A basal rate is carried into the lookback for CARRIED_BASAL_RECORDS, and the reading that the carrying begins with
    for the longest gap.
    """
    return lookback + CARRIED_BASAL_RECORDS + math.ceil(rules.max_gap_hours * RECORDS_PER_HOUR) + 1


def _require_order(records: PumpRecords) -> None:
    backward = np.flatnonzero(np.diff(records.timestamps) <= np.timedelta64(0, "s"))
    if len(backward):
        raise DataError(
            f"pump {records.pump_id}: {records.timestamps[backward[0] + 1]} does not follow the time before it",
            todo="Give records in the order of time, one for each time",
        )


def _require_grid(records: PumpRecords) -> None:
    breaks = np.flatnonzero(np.diff(records.timestamps) != RECORD_INTERVAL)
    if len(breaks):
        raise DataError(
            f"pump {records.pump_id}: no record stands {RECORD_MINUTES} minutes after {records.timestamps[breaks[0]]}",
            todo="Fill the grid; a reading that was not measured is NaN with bg_missing_flag 1",
        )


def _reading_age(records: PumpRecords) -> float:
    """Minutes from the last reading to the last record, infinite without any."""
    measured = np.flatnonzero(np.isfinite(records.feature(Feature.bg)))
    return float((len(records) - 1 - measured[-1]) * RECORD_MINUTES) if len(measured) else math.inf


def _latest_segment(records: PumpRecords, lookback: int, rules: OriginRules) -> PumpRecords:
    """The end of the segment that the last record is in, as windows are cut from it.

    It reaches back as far as anything can be carried into the lookback.
    """
    latest = records.rows(max(0, len(records) - reach_of(rules, lookback)), len(records))
    *_, segment = contiguous(without_long_gaps(latest, rules.max_gap_hours))
    # A gap up to the last record that is long enough to end the segment leaves nothing to forecast from.
    return segment if segment.timestamps[-1] == records.timestamps[-1] else segment.rows(0, 0)
