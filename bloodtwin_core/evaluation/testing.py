"""Testing a forecaster: its errors on the test split beside those of its baselines, per pump and per window set.

The network is tested the contract's way: from a zero state over exactly the lookback, window by window.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import torch

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import RidgeForecaster, fit_ridge, persistence
from bloodtwin_core.evaluation.forecasts import Forecast, Predict, TestForecasts
from bloodtwin_core.evaluation.inference import inference
from bloodtwin_core.evaluation.metrics import Glucose, error_sums
from bloodtwin_core.evaluation.pump_errors import ForecasterErrors, PumpErrors, TestErrors, nothing_yet
from bloodtwin_core.evaluation.results import RidgeFit, TestedModel, TestResults
from bloodtwin_core.model import GlucoseForecaster
from bloodtwin_core.records import Feature, Split
from bloodtwin_core.windows import Mask, Rows, WindowedSeries, in_batches

OnProgress = Callable[[int, int], None]
"""Told after each batch how many windows of how many are done."""


def _ignore(_done: int, _total: int) -> None:
    """Nobody wants to know."""


def forecast_windows(
    forecaster: GlucoseForecaster, windows: WindowedSeries, rows: Rows, batch_size: int, device: torch.device | str
) -> Glucose:
    """The network's forecasts in mg/dL, float32 [window, horizon], from a zero state over exactly the lookback.

    The network is moved to the device and stays there.
    """
    forecast = np.empty((len(rows), windows.horizon), dtype=np.float32)
    with inference(forecaster, device):
        for batch in in_batches(len(rows), batch_size):
            lookbacks = torch.from_numpy(windows.lookbacks(rows[batch])).to(device)
            forecast[batch] = forecaster(lookbacks).float().cpu().numpy()
    return forecast


def forecast_batches(
    windows: WindowedSeries,
    forecast: Forecast,
    ridge: RidgeForecaster,
    settings: EvaluationSettings,
    on_progress: OnProgress = _ignore,
) -> Iterator[TestForecasts]:
    """What is forecast for all test windows, in order of rows, evaluation.batch_size windows of one pump at a time."""
    origins = windows.origins[Split.test]
    pump_of = windows.pump_of(origins.rows)
    changes = [0, *(np.flatnonzero(pump_of[1:] != pump_of[:-1]) + 1).tolist(), len(origins)]
    for start, stop in pairwise(changes):
        for batch in in_batches(stop - start, settings.batch_size):
            chosen = slice(start + batch.start, start + batch.stop)
            rows = np.array(origins.rows[chosen])
            target, measured = windows.targets(rows)
            model = forecast(rows)
            yield TestForecasts(
                rows=rows,
                pump=pump_of[chosen],
                timestamp=windows.timestamps[rows],
                last=windows.series[rows, Feature.bg.column],
                complete=np.array(origins.complete[chosen]),
                target=target,
                measured=measured,
                model=model.prediction,
                persistence=persistence(windows, rows),
                ridge=ridge.predict(windows, rows),
                quantiles=model.quantiles,
                disagreement=model.disagreement,
            )
            on_progress(chosen.stop, len(origins))


def evaluate(
    windows: WindowedSeries,
    predict: Predict,
    settings: EvaluationSettings,
    tested: TestedModel,
    on_progress: OnProgress = _ignore,
) -> TestResults:
    """Test a forecaster on all pumps: measure its errors, then say what they mean."""
    return measure_errors(windows, predict, settings, on_progress).results(settings, tested)


def measure_errors(
    windows: WindowedSeries, predict: Predict, settings: EvaluationSettings, on_progress: OnProgress = _ignore
) -> TestErrors:
    """Errors of a forecaster, of persistence and of a ridge regression fitted here, on every test window.

    Forecasts are made batch by batch, so memory does not grow with the history. Pumps without a test window
    are kept, with zero windows.
    """
    ridge = fit_ridge(windows, settings)
    origins = windows.origins[Split.test]
    pump_of = windows.pump_of(origins.rows)
    pumps: dict[str, PumpErrors] = {}
    done = 0
    for pump in dict.fromkeys(segment.pump_id for segment in windows.segments):
        nothing = nothing_yet(windows.horizon)
        errors = PumpErrors(nothing, nothing)
        of_pump = np.flatnonzero(pump_of == pump)
        for batch in in_batches(len(of_pump), settings.batch_size):
            chosen = of_pump[batch]
            errors = _add(errors, windows, origins.rows[chosen], origins.complete[chosen], predict, ridge)
            done += len(chosen)
            on_progress(done, len(origins))
        pumps[pump] = errors
    fit = RidgeFit(penalty=ridge.penalty, training_windows=ridge.training_windows)
    return TestErrors(pumps, windows.lookback, windows.horizon, fit)


def _add(
    errors: PumpErrors, windows: WindowedSeries, rows: Rows, complete: Mask, predict: Predict, ridge: RidgeForecaster
) -> PumpErrors:
    target, measured = windows.targets(rows)
    forecasts = (predict(rows), persistence(windows, rows), ridge.predict(windows, rows))
    on_complete = ForecasterErrors(*(error_sums(f[complete], target[complete], measured[complete]) for f in forecasts))
    on_available = ForecasterErrors(*(error_sums(f, target, measured) for f in forecasts))
    return PumpErrors(errors.complete + on_complete, errors.available + on_available)
