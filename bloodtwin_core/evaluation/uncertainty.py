"""Whether the forecaster knows its own uncertainty, on all available test windows, beside persistence's."""

import numpy as np

from bloodtwin_core.evaluation.blocks import Blocks, sums_of_blocks
from bloodtwin_core.evaluation.bootstrap import Resamples, interval_of, spare_days_of
from bloodtwin_core.evaluation.coverage import CoverageResult, Means, calibration_of
from bloodtwin_core.evaluation.coverage_targets import JUDGED_BAND, CoverageTarget, coverage_targets
from bloodtwin_core.evaluation.figures import Interval, Result, ratio
from bloodtwin_core.evaluation.forecasts import Quantiles, TestForecasts
from bloodtwin_core.evaluation.quantile_baseline import fit_change_quantiles
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import Glucose, Mask
from bloodtwin_core.windows import WindowedSeries


class Uncertainty(Result):
    """The calibration of the forecaster's quantiles, and the pinball loss beside persistence's.

    judged_band: the share that the 80 % band held AT each step with its 95 % interval, as bootstrap.py finds it; None
    where nothing or too few days were measured.
    persistence_pinball (mg/dL, by step and over all) is that of the last reading with the changes of the training
    windows around it; pinball_skill is the model's divided by it, below 1 is better.
    """

    targets: list[CoverageTarget]
    judged_band: list[Interval | None]
    calibration: CoverageResult
    persistence_pinball: Means
    persistence_overall_pinball: float | None
    pinball_skill: float | None


def uncertainty_of(
    forecasts: TestForecasts, windows: WindowedSeries, blocks: Blocks, resamples: Resamples
) -> Uncertainty | None:
    """None where the network gives no quantiles; blocks and resamples are of these forecasts.

    Raises TooFewWindows if a step was never measured in training.
    """
    if forecasts.quantiles is None:
        return None
    last, target, measured = np.array(forecasts.last), np.array(forecasts.target), np.array(forecasts.measured)
    calibration = calibration_of(forecasts.quantiles, QUANTILE_LEVELS, target, measured, last)
    still = fit_change_quantiles(windows, QUANTILE_LEVELS).forecast(last)
    baseline = calibration_of(still, QUANTILE_LEVELS, target, measured, last)
    return Uncertainty(
        targets=coverage_targets(calibration),
        judged_band=_judged_band(forecasts.quantiles, target, measured, blocks, resamples),
        calibration=calibration,
        persistence_pinball=baseline.pinball,
        persistence_overall_pinball=baseline.overall_pinball,
        pinball_skill=ratio(calibration.overall_pinball, baseline.overall_pinball),
    )


def _judged_band(
    quantiles: Quantiles, target: Glucose, measured: Mask, blocks: Blocks, resamples: Resamples
) -> list[Interval | None]:
    if not len(target):
        return [None] * target.shape[1]
    low, high = (int(np.abs(np.array(QUANTILE_LEVELS) - (1 + sign * JUDGED_BAND) / 2).argmin()) for sign in (-1, 1))
    held = measured & (target >= quantiles[:, :, low]) & (target <= quantiles[:, :, high])
    counts, sums = sums_of_blocks(measured, blocks), sums_of_blocks(held, blocks)
    return [
        interval_of(resamples.mean(sums[:, step], counts[:, step]), spare_days_of(blocks.pump, counts[:, [step]]))
        for step in range(target.shape[1])
    ]
