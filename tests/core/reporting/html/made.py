"""Reports on made tests: windows of a few days, and forecasters of known worth."""

import numpy as np

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_baselines
from bloodtwin_core.evaluation.forecasts import ForecastFunction, WindowForecasts, join
from bloodtwin_core.evaluation.measuring import measure
from bloodtwin_core.evaluation.testing import forecast_batches, index_of
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import Rows, Split
from bloodtwin_core.reporting.html import Material
from bloodtwin_core.windows import WindowedSeries
from tests.core.evaluation.hand_made import TESTED, wandering, windows_of

SETTINGS = EvaluationSettings(bootstrap_samples=100)


def few_days(pumps: int = 2, records: int = 700, horizon: int = 12) -> WindowedSeries:
    """Pumps a, b, ... with wandering glucose in each split."""
    return windows_of(
        {
            "abcdefgh"[pump]: {split: wandering(records, 10 * pump + place) for place, split in enumerate(Split)}
            for pump in range(pumps)
        },
        horizon,
    )


def nearly_right(windows: WindowedSeries, error: float = 5.0, pump: str = "", extra: float = 0.0) -> ForecastFunction:
    """Forecasts that are off by so many mg/dL either way, with honest bands; by extra more for one pump."""

    def forecast(rows: Rows) -> WindowForecasts:
        target, _ = windows.targets(rows)
        size = error + extra * (windows.pump_of(rows) == pump)[:, None]
        off = np.where((rows[:, None] + np.arange(windows.horizon)) % 2 == 0, size, -size)
        prediction = (target + off).astype(np.float32)
        spread = np.array([-2.0, -1.5, -0.5, 0.0, 0.5, 1.5, 2.0], dtype=np.float32) * np.float32(error)
        assert len(spread) == len(QUANTILE_LEVELS)
        return WindowForecasts(prediction, prediction[:, :, None] + spread, np.abs(off).astype(np.float32))

    return forecast


def material_of(windows: WindowedSeries, forecast: ForecastFunction, virtual: bool = False) -> Material:
    """A test of this forecaster on these windows."""
    baselines = fit_baselines(windows, SETTINGS)
    forecasts = join(list(forecast_batches(windows, forecast, baselines, SETTINGS)))
    results = measure(forecasts, windows, index_of(windows, baselines, TESTED), SETTINGS)
    return Material("made", results, forecasts, windows, SETTINGS, virtual)
