"""The best, the median and the worst day of the test, by the error of the forecasts made on it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.day import ForecastDay, day_of_rows
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.records import RECORDS_PER_DAY
from bloodtwin_core.windows import WindowedSeries

FULL_DAY_SHARE = 0.75
"""Share of a day's records from which a forecast must have been made, or the day says little of a day."""


@dataclass(frozen=True)
class JudgedDay:
    """A day of one pump: rank is best, median or worst, mae (mg/dL) that of all steps of the forecasts made on it."""

    rank: str
    mae: float
    day: ForecastDay


def telling_days(forecasts: TestForecasts, windows: WindowedSeries) -> list[JudgedDay]:
    """Best, median and worst of all pumps' full days, or of all days where none is full; fewer if there are fewer."""
    groups, counts, mae = _by_day(forecasts)
    enough = np.flatnonzero((counts >= FULL_DAY_SHARE * RECORDS_PER_DAY) & np.isfinite(mae))
    if not len(enough):
        enough = np.flatnonzero(np.isfinite(mae))
    order = enough[np.argsort(mae[enough], kind="stable")]
    if not len(order):
        return []
    places = {"best": 0, "median": (len(order) - 1) // 2, "worst": len(order) - 1}
    ranks = {place: rank for rank, place in reversed(places.items())}  # Of one day alone, best is said.
    return [
        JudgedDay(rank, float(mae[order[place]]), _shown(forecasts, windows, groups == order[place]))
        for place, rank in sorted(ranks.items())
    ]


def pump_days(forecasts: TestForecasts) -> int:
    """Days (UTC) of single pumps on which a forecast was made."""
    return len(_by_day(forecasts)[1])


def _by_day(
    forecasts: TestForecasts,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The number of each window's pump and day, [window], and windows and MAE (mg/dL) of each, [pump-day]."""
    keys = np.rec.fromarrays([forecasts.pump, forecasts.timestamp.astype("datetime64[D]")])
    _, groups, counts = np.unique(keys, return_inverse=True, return_counts=True)
    error = np.where(forecasts.measured, np.abs(forecasts.model - forecasts.target), 0.0)
    sums = np.bincount(groups, error.sum(axis=1), minlength=len(counts))
    targets = np.bincount(groups, forecasts.measured.sum(axis=1), minlength=len(counts))
    return groups, counts, np.divide(sums, targets, out=np.full(len(counts), np.nan), where=targets > 0)


def _shown(forecasts: TestForecasts, windows: WindowedSeries, chosen: npt.NDArray[np.bool_]) -> ForecastDay:
    made = forecasts.take(chosen)
    day = np.datetime64(made.timestamp[0], "D")
    return day_of_rows(windows, str(made.pump[0]), day, np.asarray(made.rows), made.model, made.quantiles)
