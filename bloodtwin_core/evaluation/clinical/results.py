"""What the errors of a test would mean for the wearers: all clinical measures, on all available test windows."""

import numpy as np

from bloodtwin_core.evaluation.clinical.alarms import ThresholdAlarms, threshold_alarms
from bloodtwin_core.evaluation.clinical.error_grids import ErrorGrids, error_grids
from bloodtwin_core.evaluation.clinical.events import HYPERGLYCAEMIA, HYPOGLYCAEMIA, pump_timelines
from bloodtwin_core.evaluation.clinical.glucose_specific import glucose_specific_rmse
from bloodtwin_core.evaluation.figures import FlatBeside, Result, Steps
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, TARGET_MINUTES, step_at
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import Glucose, Mask


class ForecasterMeaning(Result):
    """Error grids at the reported times, and the glucose-specific RMSE (mg/dL) AT each step."""

    error_grids: list[ErrorGrids]
    glucose_specific_rmse: Steps


class Clinical(FlatBeside):
    """The model and each baseline by its name, and the alarms that each would have raised."""

    model: ForecasterMeaning
    beside: dict[str, ForecasterMeaning]
    alarms: list[ThresholdAlarms]


def clinical_of(forecasts: TestForecasts) -> Clinical:
    """All clinical measures; alarms 30 and 60 minutes ahead, as far as the horizon reaches."""
    target, measured = np.array(forecasts.target), np.array(forecasts.measured)

    def meaning(forecast: Glucose) -> ForecasterMeaning:
        return ForecasterMeaning(
            error_grids=error_grids(forecast, target, measured, REPORTED_MINUTES),
            glucose_specific_rmse=glucose_specific_rmse(forecast, target, measured),
        )

    return Clinical(
        model=meaning(forecasts.model),
        beside={name: meaning(forecast) for name, forecast in forecasts.beside.items()},
        alarms=_alarms(forecasts, target, measured),
    )


def _alarms(forecasts: TestForecasts, target: Glucose, measured: Mask) -> list[ThresholdAlarms]:
    timelines = pump_timelines(
        np.array(forecasts.pump), np.array(forecasts.timestamp), np.array(forecasts.last), target, measured
    )
    quantiles = {} if forecasts.quantiles is None else dict(zip(QUANTILE_LEVELS, forecasts.quantiles.T, strict=True))
    by_level = {level: of_level.T for level, of_level in quantiles.items()}
    return [
        threshold_alarms(timelines, threshold, minutes, forecasts.model, forecasts.beside, by_level)
        for threshold in (HYPOGLYCAEMIA, HYPERGLYCAEMIA)
        for minutes in TARGET_MINUTES
        if step_at(minutes) <= forecasts.horizon
    ]
