"""BrisT1D's insulin, one number for each five minutes, as basal rates and boluses, and where it is unknown.

The published files tell the units that were delivered in the five minutes before each timestamp, basal and bolus
together. The split below is an estimate, their sum is not. What it says of a time uses nothing that came later:

- Up to BOLUS_FROM a row is basal, as a closed loop's small deliveries are; what exceeds LARGEST_BASAL is bolus.
- A row above BOLUS_FROM holds a bolus, and so may the one after it, since a pump takes minutes to deliver one. Their
  basal is at most the usual one, the median of the rows of the two hours before that hold no bolus; the rest is bolus.

Zeros for longer than LONGEST_NONE are no record. The whole stretch is unknown, from its first zero on: whoever used a
device that is not connected would know so at once, not after six hours.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.silence import LONGEST_SILENCE
from bloodtwin_core.records import RECORD_INTERVAL, RECORDS_PER_HOUR, Mask, Timestamps
from bloodtwin_core.sources.brist1d.files import INSULIN, Rows

BOLUS_FROM = 0.5
"""U in five minutes, 6 U/h, which is more than a closed loop's basal."""
LARGEST_BASAL = 5.0 / RECORDS_PER_HOUR
"""U in five minutes, of 5 U/h, which closed loops hardly exceed; AZT1D's largest hourly mean is 6.2."""
LONGEST_NONE = np.timedelta64(6 * 3600, "s")
"""Hardly a pump is suspended for longer; the data set has zeros for up to 28 days."""
_USUAL_OVER = "125min"
"""25 rows: the two hours before, and the row itself."""


@dataclass(frozen=True)
class Deliveries:
    """Insulin [row] on the five-minute grid. times: ascending, the end of each row's five minutes; units: U, NaN where
    it is unknown, not below 0."""

    times: Timestamps
    units: Floats


def insulin_events(person: str, rows: Rows) -> PumpEvents:
    """The basal, the boluses and the unknown times of a person's rows; none of them if no insulin is told at all.

    Raises DataError, with its line, for insulin that is not on the five-minute grid or told twice with two amounts.
    """
    told = np.isfinite(rows.insulin)
    if not told.any():
        return PumpEvents(person)
    places, repeated = _places(rows, told)
    below = rows.insulin[places] < 0
    units = np.maximum(rows.insulin[places], 0.0)
    unrecorded = long_zeros(rows.times[places], units)
    deliveries = on_grid(Deliveries(rows.times[places], np.where(unrecorded, np.nan, units)))
    basal = basal_part(deliveries)
    given = np.nan_to_num(deliveries.units - basal)
    boluses = given > 0
    repairs = (
        Repairs.of(RepairKind.repeated_events, repeated)
        + Repairs.of(RepairKind.insulin_below_zero, int(below.sum()))
        + Repairs.of(RepairKind.insulin_unrecorded, int(unrecorded.sum()))
    )
    # One rate more than there are rows: from the end of the last one on it is unknown.
    rates = deliveries.times <= rows.times[places[-1]] + RECORD_INTERVAL
    return PumpEvents(
        person,
        basal=BasalEvents.of(deliveries.times[rates] - RECORD_INTERVAL, basal[rates] * RECORDS_PER_HOUR),
        bolus=BolusEvents.of(deliveries.times[boluses], given[boluses]),
        repairs=repairs,
        insulin_unknown=np.append(deliveries.times[0] - RECORD_INTERVAL, deliveries.times[np.isnan(deliveries.units)]),
    )


def long_zeros(times: Timestamps, units: Floats) -> Mask:
    """Which rows [row], ascending, are of zeros for longer than LONGEST_NONE, and therefore no record."""
    none = units == 0
    edges = np.diff(np.concatenate([[0], none.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    unrecorded = np.zeros(len(units), dtype=np.bool_)
    for start, stop in zip(starts, stops, strict=True):
        unrecorded[start:stop] = times[stop - 1] - times[start] + RECORD_INTERVAL > LONGEST_NONE
    return unrecorded


def on_grid(deliveries: Deliveries) -> Deliveries:
    """Every five minutes from the first row until LONGEST_SILENCE after the last; NaN where there is no row.

    By then every source's insulin is unknown.
    """
    times = deliveries.times
    grid: Timestamps = np.arange(times[0], times[-1] + LONGEST_SILENCE + RECORD_INTERVAL, RECORD_INTERVAL)
    units = np.full(len(grid), np.nan)
    units[(times - times[0]) // RECORD_INTERVAL] = deliveries.units
    return Deliveries(grid, units)


def basal_part(deliveries: Deliveries) -> Floats:
    """U [row] of basal among the deliveries, which are on the grid; NaN where they are unknown."""
    units = deliveries.units
    large = units > BOLUS_FROM
    with_bolus = large | np.append(False, large[:-1])
    without = pd.Series(np.where(with_bolus, np.nan, units), index=pd.DatetimeIndex(deliveries.times))
    usual = np.nan_to_num(without.rolling(_USUAL_OVER, min_periods=1).median().to_numpy(dtype=np.float64))
    basal: Floats = np.minimum(np.where(with_bolus, np.minimum(units, usual), units), LARGEST_BASAL)
    return basal


def _places(rows: Rows, told: Mask) -> tuple[npt.NDArray[np.intp], int]:
    """The rows that tell insulin, ascending in time and each time once, and how many exact repeats there were."""
    off_grid = told & ((rows.times - np.datetime64(0, "s")) % RECORD_INTERVAL != np.timedelta64(0, "s"))
    if (row := first_true(off_grid)) is not None:
        todo = "Give the insulin of every five minutes at its full five minutes, as published"
        raise rows.table.fault(row, INSULIN, f"{rows.times[row]} is not on the five-minute grid", todo)
    places = np.flatnonzero(told)
    places = places[np.argsort(rows.times[places], kind="stable")]
    again = np.append(False, np.diff(rows.times[places]) == np.timedelta64(0, "s"))
    differs = again & np.append(False, np.diff(rows.insulin[places]) != 0)
    if (second := first_true(differs)) is not None:
        row = int(places[second])
        todo = "Nothing tells which is right; remove one of them"
        raise rows.table.fault(row, INSULIN, f"{rows.times[row]} stands with two amounts of insulin", todo)
    return places[~again], int(again.sum())
