"""Tiny windows of chosen glucose: a lookback of 6 records, forecasts of 12."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import DataSettings, EvaluationSettings
from bloodtwin_core.evaluation.forecasts import ForecastFunction, TestForecasts
from bloodtwin_core.evaluation.results import TestedModel, TestResults
from bloodtwin_core.evaluation.testing import measured_results, store_forecasts
from bloodtwin_core.records import FEATURES, PumpRecords, Split, records_from_signals
from bloodtwin_core.windows import WindowedSeries, window_series
from bloodtwin_core.windows.scaler import FeatureScaler

LOOKBACK = 6
TESTED = TestedModel(model_version="0.1.0", checkpoint_sha256="c" * 64, data_fingerprint="d" * 64)


def unit_scaler() -> FeatureScaler:
    size = len(FEATURES)
    return FeatureScaler(features=list(FEATURES), centre=[0.0] * size, scale=[1.0] * size, records=1)


def records(pump_id: str, glucose: npt.NDArray[np.floating], start: str = "2024-01-01", seed: int = 0) -> PumpRecords:
    """Records with this glucose (NaN is a gap), some insulin, from a day on."""
    rng = np.random.default_rng(seed)
    times = np.datetime64(start, "s") + np.arange(len(glucose)) * np.timedelta64(300, "s")
    bolus = np.where(rng.random(len(glucose)) < 0.1, 3.0, 0.0)
    return records_from_signals(pump_id, times, glucose, rng.uniform(0.5, 1.5, len(glucose)), bolus)


def wandering(length: int, seed: int) -> npt.NDArray[np.float64]:
    """Glucose that has some momentum, so that there is something to learn."""
    change = np.zeros(length)
    noise = np.random.default_rng(seed).normal(0, 1.0, length)
    for step in range(1, length):
        change[step] = 0.8 * change[step - 1] + noise[step]
    return np.asarray(140 + 30 * np.sin(np.arange(length) / 25) + np.cumsum(change) * 0.5)


def windows_of(
    glucose: dict[str, dict[Split, npt.NDArray[np.floating]]], horizon: int = 12, lookback: int = LOOKBACK
) -> WindowedSeries:
    """Windows over the glucose of each pump and split."""
    days = {Split.train: "2024-01-01", Split.validate: "2024-02-01", Split.test: "2024-03-01"}
    parts = [
        (split, records(pump, values, days[split], seed=place))
        for place, (pump, splits) in enumerate(glucose.items())
        for split, values in splits.items()
    ]
    settings = DataSettings(lookback=lookback, horizon=horizon, min_measured_share=0.5)
    return window_series(parts, unit_scaler(), settings)


def two_pumps(horizon: int = 12) -> WindowedSeries:
    """Pump a without gaps, pump b with gaps in the test split."""
    gappy = wandering(140, 6)
    gappy[[30, 31, 70, 100]] = np.nan
    return windows_of(
        {
            "a": {Split.train: wandering(400, 1), Split.validate: wandering(120, 2), Split.test: wandering(100, 3)},
            "b": {Split.train: wandering(300, 4), Split.validate: wandering(120, 5), Split.test: gappy},
        },
        horizon,
    )


def forecasts_of(
    target: npt.NDArray[np.floating],
    model: npt.NDArray[np.floating],
    persistence: npt.NDArray[np.floating],
    days: int = 10,
    pumps: int = 2,
    measured: npt.NDArray[np.bool_] | None = None,
) -> TestForecasts:
    """Forecasts [window, step] of given values; windows lie evenly over the days of the pumps, in order."""
    windows = len(target)
    day = np.arange(windows) * days * pumps // windows
    since = np.arange(windows) - np.searchsorted(day, day)
    return TestForecasts(
        rows=np.arange(windows),
        pump=np.array([f"pump{number}" for number in range(pumps)])[day // days],
        timestamp=np.datetime64("2024-03-01", "s") + (day % days) * np.timedelta64(86_400, "s") + since * 300,
        last=persistence[:, 0].astype(np.float32),
        complete=np.ones(windows, dtype=np.bool_),
        target=target.astype(np.float32),
        measured=np.ones(target.shape, dtype=np.bool_) if measured is None else measured,
        model=model.astype(np.float32),
        beside={name: persistence.astype(np.float32) for name in ("persistence", "ridge")},
    )


def evaluate(windows: WindowedSeries, forecast: ForecastFunction, settings: EvaluationSettings) -> TestResults:
    """Test a forecaster as the graph does: store its forecasts, then measure them."""
    with TemporaryDirectory() as folder:
        store_forecasts(Path(folder) / "forecasts", windows, forecast, settings, TESTED)
        return measured_results(Path(folder) / "forecasts", windows, settings)
