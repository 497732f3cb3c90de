"""Parts of one pump's history joined on one five-minute grid, as a forecast at some moment needs them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records.arrays import Timestamps, Values
from bloodtwin_core.records.cadence import RECORD_INTERVAL, RECORD_MINUTES, RECORDS_PER_HOUR, time_of_day
from bloodtwin_core.records.features import Feature
from bloodtwin_core.records.pump_records import PumpRecords
from bloodtwin_core.records.reading_interval import sparse_sensor

_BY_TIME = (Feature.sin_time, Feature.cos_time)


def records_up_to(parts: Sequence[PumpRecords], moment: np.datetime64, count: int) -> PumpRecords:
    """The last count records of a pump at a moment (UTC), one every five minutes, the last at most five minutes before.

    parts are of one pump and zone and have the same features, in any order; where two tell of the same five minutes
    the later part counts. Records that no part has are there, with everything unknown. Only what stands at or before
    the moment is used. Raises DataError if no part begins that early.
    """
    timestamps = np.concatenate([part.timestamps for part in parts])
    values = np.concatenate([part.values for part in parts])
    known = timestamps <= moment
    if not known.any():
        first = timestamps.min() if len(timestamps) else "nowhere"
        todo = "Choose a later moment, or give the history before it"
        raise DataError(
            f"pump {parts[0].pump_id}: there is no record before {moment}Z; the first is {first}Z", todo=todo
        )
    timestamps, values = timestamps[known], values[known]
    last = timestamps.max()
    last += (moment - last) // RECORD_INTERVAL * RECORD_INTERVAL
    grid = last - RECORD_INTERVAL * np.arange(count)[::-1]
    return replace(parts[0], timestamps=grid, values=_on_grid(grid, timestamps, values))


def require_measured(records: PumpRecords, smallest_share: float) -> None:
    """Raise DataError where too little of a lookback was measured, saying how much is missing."""
    measured = np.isfinite(records.feature(Feature.bg))
    if measured.mean() >= smallest_share:
        return
    before = int(np.argmax(measured)) if measured.any() else len(records)
    missing = int((~measured).sum())
    if missing - before <= (1.0 - smallest_share) * len(records):
        what = f"the history reaches back {_duration(len(records) - before)} and {_duration(before)} are missing"
    else:
        what = f"glucose was measured in {measured.mean():.0%} of the last {_duration(len(records))}"
    if sparse := sparse_sensor([measured]):
        raise DataError(f"pump {records.pump_id}: {what}; {sparse}", todo="Waiting is no help")
    raise DataError(
        f"pump {records.pump_id}: {what}",
        todo=f"A forecast looks back on {_duration(len(records))}, a reading every {RECORD_MINUTES} minutes, of which "
        f"{smallest_share:.0%} must be there. Give the files before these too, or wait",
    )


def _on_grid(grid: Timestamps, timestamps: Timestamps, values: Values) -> Values:
    on_grid = np.full((len(grid), values.shape[1]), np.nan, dtype=np.float32)
    on_grid[:, Feature.bg_clip_flag.column] = 0.0
    on_grid[:, Feature.bg_missing_flag.column] = 1.0
    for feature, column in zip(_BY_TIME, time_of_day(grid), strict=True):
        on_grid[:, feature.column] = column
    place = np.rint((timestamps - grid[0]) / RECORD_INTERVAL).astype(np.int64)
    inside = (place >= 0) & (place < len(grid))
    on_grid[place[inside]] = values[inside]
    return on_grid


def _duration(records: int) -> str:
    hours, rest = divmod(records, RECORDS_PER_HOUR)
    minutes = f"{rest * RECORD_MINUTES} min" if rest else ""
    return " ".join(part for part in (f"{hours} h" if hours else "", minutes) if part) or "0 min"
