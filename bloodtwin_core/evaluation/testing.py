"""Testing a forecaster: its errors on the test split beside those of its baselines, per pump and per window set.

The network is tested the contract's way: from a zero state over exactly the lookback, window by window.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import FittedBaseline, fit_baselines
from bloodtwin_core.evaluation.forecasts import ForecastFunction, TestForecasts, WindowForecasts
from bloodtwin_core.evaluation.forecasts_files import ForecastsIndex, read_forecasts, write_forecasts
from bloodtwin_core.evaluation.measuring import measure
from bloodtwin_core.evaluation.metrics import ErrorSums, error_sums, no_errors
from bloodtwin_core.evaluation.results import TestedModel, TestResults
from bloodtwin_core.network.forecaster import GlucoseForecaster, NetworkForecast
from bloodtwin_core.network.parallel import ask_in_parallel
from bloodtwin_core.network.scan import scan_windows
from bloodtwin_core.records import Feature, Glucose, Rows, Split
from bloodtwin_core.windows import WindowedSeries, in_batches
from bloodtwin_core.windows.of_pump import origins_of

OnProgress = Callable[[int, int], None]
"""Told after each batch how many windows of how many are done."""


def ignore(_done: int, _total: int) -> None:
    """Nobody wants to know."""


def forecast_windows(
    forecaster: GlucoseForecaster, windows: WindowedSeries, rows: Rows, batch_size: int, device: torch.device | str
) -> Glucose:
    """The network's forecasts in mg/dL, float32 [window, horizon], from a zero state over exactly the lookback.

    The network is moved to the device and stays there.
    """
    if not len(rows):
        return np.empty((0, windows.horizon), dtype=np.float32)
    batches = ask_in_parallel(forecaster, forecaster, windows, rows, batch_size, device)
    forecast: Glucose = torch.cat([batch.float().cpu() for batch in batches]).numpy()
    return forecast


def forecast_with_uncertainty(
    forecaster: GlucoseForecaster, windows: WindowedSeries, rows: Rows, batch_size: int, device: torch.device | str
) -> WindowForecasts:
    """As forecast_windows, with quantiles and disagreement; there is at least one row."""
    batches = ask_in_parallel(forecaster, forecaster.forecast, windows, rows, batch_size, device)
    return from_network(
        NetworkForecast(*(torch.cat([part.float().cpu() for part in parts]) for parts in zip(*batches, strict=True)))
    )


def from_network(forecast: NetworkForecast) -> WindowForecasts:
    """What a network says on the CPU, as arrays."""
    return WindowForecasts(*(part.numpy() for part in forecast))


def forecast_batches(
    windows: WindowedSeries,
    forecast: ForecastFunction,
    baselines: Mapping[str, FittedBaseline],
    settings: EvaluationSettings,
    on_progress: OnProgress = ignore,
    split: Split = Split.test,
) -> Iterator[TestForecasts]:
    """What is forecast for all windows of a split, in order of rows, evaluation.batch_size of one pump at a time."""
    origins = windows.origins[split]
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
                beside={name: baseline.predict(windows, rows) for name, baseline in baselines.items()},
                quantiles=model.quantiles,
                disagreement=model.disagreement,
            )
            on_progress(chosen.stop, len(origins))


def store_forecasts(
    folder: Path,
    windows: WindowedSeries,
    forecast: ForecastFunction,
    settings: EvaluationSettings,
    tested: TestedModel,
    on_progress: OnProgress = ignore,
) -> None:
    """Forecast every test window into a folder, batch by batch, so that memory does not grow with the history."""
    baselines = fit_baselines(windows, settings)
    batches = forecast_batches(windows, forecast, baselines, settings, on_progress)
    write_forecasts(folder, batches, index_of(windows, baselines, tested))


def measured_results(folder: Path, windows: WindowedSeries, settings: EvaluationSettings) -> TestResults:
    """Measure the forecasts in a folder. Raises ArtifactMissing if they are not there or damaged."""
    forecasts, index = read_forecasts(folder)
    return measure(forecasts, windows, index, settings)


def index_of(windows: WindowedSeries, baselines: Mapping[str, FittedBaseline], tested: TestedModel) -> ForecastsIndex:
    """What goes with the forecasts of all test windows."""
    return ForecastsIndex(
        tested=tested,
        baselines={name: baseline.fit for name, baseline in baselines.items()},
        pumps=windows.tested_pumps,
        windows=len(windows.origins[Split.test]),
        lookback=windows.lookback,
        horizon=windows.horizon,
    )


def errors_on(
    forecaster: GlucoseForecaster, windows: WindowedSeries, split: Split, device: str = "cpu", complete: bool = False
) -> ErrorSums:
    """Errors of the point forecasts, by dense scan, from a split's forecast origins, or its complete ones alone."""
    rows = origins_of(windows, split, complete)
    if not len(rows):
        return no_errors(windows.horizon)
    forecast: Glucose = scan_windows(forecaster, windows, rows, device)
    return error_sums(forecast, *windows.targets(rows))
