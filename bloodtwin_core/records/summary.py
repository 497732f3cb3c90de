"""What a pump's history looks like in the numbers that people with diabetes and clinicians use."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import RECORDS_PER_DAY, RECORDS_PER_HOUR, TARGET_RANGE, Feature, PumpRecords

HOURS_PER_DAY = RECORDS_PER_DAY // RECORDS_PER_HOUR


@dataclass(frozen=True)
class PumpSummary:
    """One pump's history. Glucose in mg/dL, insulin in U per day, shares of measured readings from 0 to 1."""

    pump_id: str
    records: int
    first: str
    last: str
    missing_share: float
    glucose_mean: float
    glucose_sd: float
    below_range: float
    in_range: float
    above_range: float
    basal_per_day: float
    bolus_per_day: float
    basal_unknown_share: float


@dataclass(frozen=True)
class LongGaps:
    """Stretches without a reading that are longer than a limit, and the days that lie in them."""

    count: int
    days: float


def long_gaps(parts: Sequence[PumpRecords], max_gap_hours: float) -> LongGaps:
    """The stretches between two readings of a pump, its parts given in time order, that last over max_gap_hours."""
    measured = [part.timestamps[np.isfinite(part.feature(Feature.bg))] for part in parts]
    hours = np.diff(np.concatenate(measured)) / np.timedelta64(3600, "s")
    long = hours[hours > max_gap_hours]
    return LongGaps(len(long), float(long.sum() / HOURS_PER_DAY))


def summarise(pump_id: str, parts: Sequence[PumpRecords]) -> PumpSummary:
    """Summarise the records of one pump, given in time order; figures without any measurement are NaN."""
    values = np.concatenate([part.values for part in parts])
    timestamps = np.concatenate([part.timestamps for part in parts])
    glucose = values[:, Feature.bg.column]
    measured = glucose[np.isfinite(glucose)].astype(np.float64)
    basal = values[:, Feature.basal_rate.column]
    known_basal = basal[np.isfinite(basal)]
    bolus = values[:, Feature.bolus_dose.column]
    low, high = TARGET_RANGE
    return PumpSummary(
        pump_id=pump_id,
        records=len(values),
        first=str(timestamps[0]),
        last=str(timestamps[-1]),
        missing_share=1.0 - len(measured) / len(values),
        glucose_mean=_mean(measured),
        glucose_sd=float(measured.std()) if len(measured) else float("nan"),
        below_range=_mean(measured < low),
        in_range=_mean((measured >= low) & (measured <= high)),
        above_range=_mean(measured > high),
        basal_per_day=_mean(known_basal) * HOURS_PER_DAY,
        bolus_per_day=_mean(bolus[np.isfinite(bolus)]) * RECORDS_PER_DAY,
        basal_unknown_share=1.0 - len(known_basal) / len(values),
    )


def _mean(values: npt.NDArray[np.floating] | npt.NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")
