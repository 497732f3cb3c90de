"""Whether the forecaster knows its own uncertainty, on all available test windows, beside persistence's."""

import numpy as np

from bloodtwin_core.evaluation.comparison import Result
from bloodtwin_core.evaluation.coverage import Calibration, Means, calibration_of
from bloodtwin_core.evaluation.coverage_targets import CoverageTarget, coverage_targets
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.quantile_baseline import fit_change_quantiles
from bloodtwin_core.evaluation.steps import ratio
from bloodtwin_core.model import QUANTILE_LEVELS
from bloodtwin_core.windows import WindowedSeries


class Uncertainty(Result):
    """The calibration of the forecaster's quantiles, and the pinball loss beside persistence's.

    persistence_pinball (mg/dL, by step and over all) is that of the last reading with the changes of the training
    windows around it; pinball_skill is the model's divided by it, below 1 is better.
    """

    targets: list[CoverageTarget]
    calibration: Calibration
    persistence_pinball: Means
    persistence_overall_pinball: float | None
    pinball_skill: float | None


def uncertainty_of(forecasts: TestForecasts, windows: WindowedSeries) -> Uncertainty | None:
    """None where the network gives no quantiles. Raises TooFewWindows if a step was never measured in training."""
    if forecasts.quantiles is None:
        return None
    last, target, measured = np.array(forecasts.last), np.array(forecasts.target), np.array(forecasts.measured)
    found = calibration_of(forecasts.quantiles, QUANTILE_LEVELS, target, measured, last)
    still = fit_change_quantiles(windows, QUANTILE_LEVELS).forecast(last)
    baseline = calibration_of(still, QUANTILE_LEVELS, target, measured, last)
    return Uncertainty(
        targets=coverage_targets(found),
        calibration=found,
        persistence_pinball=baseline.pinball,
        persistence_overall_pinball=baseline.overall_pinball,
        pinball_skill=ratio(found.overall_pinball, baseline.overall_pinball),
    )
