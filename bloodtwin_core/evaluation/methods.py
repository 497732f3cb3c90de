"""Two ways to forecast test windows: one by one, or by dense scan where that is shown to be the same."""

from dataclasses import dataclass

import numpy as np

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.forecasts import ForecastFunction, WindowForecasts
from bloodtwin_core.evaluation.testing import forecast_with_uncertainty, from_network
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.scan import agreement, scan_forecasts
from bloodtwin_core.records import Glucose, Rows, Split
from bloodtwin_core.windows import WindowedSeries


@dataclass(frozen=True)
class Method:
    """How test windows are forecast, and a sentence that says so."""

    forecast: ForecastFunction
    reading: str

    def predict(self, rows: Rows) -> Glucose:
        """The point forecasts alone, in mg/dL, [window, horizon]; rows ascend."""
        return self.forecast(rows).prediction


def method_for(
    forecaster: GlucoseForecaster, windows: WindowedSeries, settings: EvaluationSettings, device: str
) -> Method:
    """One by one, or by dense scan if evaluation.scan asks for it and this network's scan agrees on a sample."""
    if not settings.scan:
        return Method(_one_by_one(forecaster, windows, settings, device), "Windows are tested one by one.")
    rows = np.array(windows.origins[Split.test].rows)
    difference = agreement(forecaster, windows, rows)
    if difference > settings.scan_tolerance:
        return Method(
            _one_by_one(forecaster, windows, settings, device),
            f"Windows are tested one by one: a dense scan differs by {difference:.2g} mg/dL on a sample, "
            f"{settings.scan_tolerance:g} is allowed (evaluation.scan_tolerance).",
        )
    scanned = from_network(scan_forecasts(forecaster, windows, rows, device))

    def looked_up(chosen: Rows) -> WindowForecasts:
        places = np.searchsorted(rows, chosen)
        return WindowForecasts(*(None if array is None else array[places] for array in scanned))  # type: ignore[arg-type]

    return Method(looked_up, f"Windows are tested by dense scan, which differs by {difference:.2g} mg/dL on a sample.")


def _one_by_one(
    forecaster: GlucoseForecaster, windows: WindowedSeries, settings: EvaluationSettings, device: str
) -> ForecastFunction:
    def forecast(rows: Rows) -> WindowForecasts:
        return forecast_with_uncertainty(forecaster, windows, rows, settings.batch_size, device)

    return forecast
