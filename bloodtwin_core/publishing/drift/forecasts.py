"""How a model forecasts each pump, over all judged days or week by week: its error, and what its 80 % band holds."""

from datetime import date

import numpy as np

from bloodtwin_core.evaluation.coverage_targets import JUDGED_BAND
from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.metrics import OVERALL_MINUTES, step_at
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.publishing.drift.week import week_of
from bloodtwin_core.records import Mask


class Forecasting(Result):
    """mae: mg/dL over the first hour. coverage: share of readings in the 80 % band; None without quantiles."""

    windows: int
    mae: float
    coverage: float | None


def by_pump(forecasts: TestForecasts) -> dict[str, Forecasting]:
    """Of each pump that was forecast."""
    pumps = dict.fromkeys(forecasts.pump.tolist())
    return {pump: made for pump in pumps if (made := _of(forecasts, forecasts.pump == pump))}


def by_week(forecasts: TestForecasts) -> dict[tuple[str, date], Forecasting]:
    """Of each pump and week, by its Monday."""
    week = week_of(np.array(forecasts.timestamp))
    found: dict[tuple[str, date], Forecasting] = {}
    for pump in dict.fromkeys(forecasts.pump.tolist()):
        for start in np.unique(week[forecasts.pump == pump]):
            if made := _of(forecasts, (forecasts.pump == pump) & (week == start)):
                found[pump, start.astype(date)] = made
    return found


def _of(forecasts: TestForecasts, among: Mask) -> Forecasting | None:
    steps = min(forecasts.horizon, step_at(OVERALL_MINUTES))
    measured = np.asarray(forecasts.measured[among, :steps])
    if not measured.any():
        return None
    target = np.asarray(forecasts.target[among, :steps])[measured].astype(np.float64)
    error = np.abs(np.asarray(forecasts.model[among, :steps])[measured] - target)
    coverage = None
    if forecasts.quantiles is not None:
        low, high = (
            np.asarray(forecasts.quantiles[among, :steps])[:, :, QUANTILE_LEVELS.index(level)][measured]
            for level in _LEVELS
        )
        coverage = float(((target >= low) & (target <= high)).mean())
    return Forecasting(windows=int(among.sum()), mae=float(error.mean()), coverage=coverage)


_LEVELS = (round((1 - JUDGED_BAND) / 2, 6), round((1 + JUDGED_BAND) / 2, 6))
