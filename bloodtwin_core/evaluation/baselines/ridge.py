"""A ridge regression on the lookback, the honest minimum of effort.

It predicts the change from the last reading at all steps at once. Its inputs leave out
what is a linear combination of others (the change of glucose) or says nothing more (times of other rows).
The normal equations are summed over batches, so memory does not grow with the number of windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import TooFewWindows
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines.baseline import BaselineFit, FittedBaseline, from_last_reading
from bloodtwin_core.evaluation.metrics import error_sums, no_errors
from bloodtwin_core.records import FEATURES, Feature, Glucose, Rows, Split, Values, without_past
from bloodtwin_core.windows import WindowedSeries, evenly_spread, in_batches

LOOKBACK_COLUMNS = [
    feature.column for feature in (Feature.bg, Feature.basal_rate, Feature.bolus_dose, Feature.bg_missing_flag)
]
"""Features that the ridge regression sees at every step of the lookback, beside all extra ones."""
ORIGIN_COLUMNS = [Feature.sin_time.column, Feature.cos_time.column]
"""Features that it sees at the forecast origin alone."""
BATCH_WINDOWS = 4096
"""Windows whose inputs are in memory together: about 20 MB at a lookback of 288."""
SHARED_FIT_SHARE = 0.5
"""Smallest share of the training windows that may stand for all of them in the fit."""
CONSTANT_BELOW = 1e-4
"""An input whose standard deviation is below this share of its feature's is constant: float32 sums cannot tell."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RidgeInputs:
    """How a window becomes one row of inputs, roughly standardised; centre and scale are [feature].

    usual is the median of each feature over the training windows, [feature]: a regression needs a number for what is
    unknown.
    """

    centre: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    usual: npt.NDArray[np.float32]

    def of(self, windows: WindowedSeries, rows: Rows) -> npt.NDArray[np.float32]:
        """Inputs of some forecast origins, [window, column]; rows ascend."""
        first = int(rows[0]) - windows.lookback + 1
        block = (self._known(windows.series[first : int(rows[-1]) + 1]) - self.centre) / self.scale
        lookbacks = np.lib.stride_tricks.sliding_window_view(
            block[:, _lookback_columns(windows)], windows.lookback, axis=0
        )
        inputs = lookbacks[rows - windows.lookback + 1 - first].reshape(len(rows), -1)
        return np.concatenate([inputs, block[rows - first][:, ORIGIN_COLUMNS]], axis=1)

    def _known(self, values: Values) -> Values:
        return np.where(np.isnan(values), self.usual, values)


@dataclass(frozen=True)
class RidgeForecaster:
    """A fitted ridge regression: weights [column, step] and intercept [step], mg/dL of change from the last reading.

    penalty is the one with the lowest MAE on the validation split, per training window; training_windows
    is the number of windows fitted on.
    """

    inputs: RidgeInputs
    weights: Matrix
    intercept: Matrix
    penalty: float
    training_windows: int

    def predict(self, windows: WindowedSeries, rows: Rows) -> Glucose:
        """Forecasts within the glucose limits (mg/dL), [window, horizon]; rows ascend."""
        forecast = np.empty((len(rows), windows.horizon), dtype=np.float32)
        for batch in in_batches(len(rows), BATCH_WINDOWS):
            inputs = self.inputs.of(windows, rows[batch])
            change = inputs @ self.weights.astype(np.float32) + self.intercept
            forecast[batch] = from_last_reading(windows, rows[batch], change)
        return forecast


def ridge_baseline(windows: WindowedSeries, settings: EvaluationSettings) -> FittedBaseline:
    """As fit_ridge, to stand beside a forecaster; penalty and training_windows are told."""
    fitted = fit_ridge(windows, settings)
    told = BaselineFit(penalty=fitted.penalty, training_windows=fitted.training_windows)
    return FittedBaseline(fitted.predict, told)


def fit_ridge(windows: WindowedSeries, settings: EvaluationSettings) -> RidgeForecaster:
    """Fit on the training split and choose the penalty on the validation split.

    At most settings.ridge_max_windows training windows are used, evenly spread; which, see _fits.
    Raises TooFewWindows if some step was measured in no training window.
    """
    inputs = _rough_inputs(windows, windows.origins[Split.train].rows)
    fits = _fits(windows, settings.ridge_max_windows)
    solutions = [_solve(_moments(windows, inputs, rows, steps), settings.ridge_penalties) for steps, rows in fits]
    candidates = [
        RidgeForecaster(
            inputs,
            weights=np.concatenate([solution[place][0] for solution in solutions], axis=1),
            intercept=np.concatenate([solution[place][1] for solution in solutions]),
            penalty=penalty,
            training_windows=len(np.unique(np.concatenate([rows for _, rows in fits]))),
        )
        for place, penalty in enumerate(settings.ridge_penalties)
    ]
    return _best_on_validation(windows, candidates)


@dataclass(frozen=True)
class _Moments:
    """Means and covariances of inputs and of changes from the last reading over the training windows."""

    input_mean: Matrix
    change_mean: Matrix
    inputs: Matrix
    inputs_changes: Matrix


def _fits(windows: WindowedSeries, most: int) -> list[tuple[slice, Rows]]:
    """Which steps are fitted together, and on which training windows.

    Complete windows serve best (on AZT1D they gave a lower error on both window sets), then those with all
    targets measured, whose gaps in the lookback are flagged among the inputs. Where even those are few, each
    step is fitted by itself on the windows in which its own target was measured.
    """
    origins = windows.origins[Split.train]
    _, measured = windows.targets(origins.rows)
    for kept in (origins.complete, measured.all(axis=1)):
        if kept.mean() >= SHARED_FIT_SHARE:
            return [(slice(0, windows.horizon), evenly_spread(origins.rows[kept], most))]
    most_a_step = max(most // windows.horizon, 1)
    return [
        (slice(step, step + 1), evenly_spread(origins.rows[measured[:, step]], most_a_step))
        for step in range(windows.horizon)
    ]


def _lookback_columns(windows: WindowedSeries) -> list[int]:
    return [*LOOKBACK_COLUMNS, *range(len(FEATURES), len(without_past(windows.features)))]


def _rough_inputs(windows: WindowedSeries, rows: Rows) -> RidgeInputs:
    """Centre and scale by feature; exact standardisation of each column follows in _solve."""
    values = windows.series[rows].astype(np.float64)
    # Of what is never known 0 is the median, and as a constant input it keeps a weight of 0.
    values[:, np.isnan(values).all(axis=0)] = 0.0
    usual = np.nanmedian(values, axis=0)
    values = np.where(np.isnan(values), usual, values)
    spread = values.std(axis=0)
    return RidgeInputs(
        centre=values.mean(axis=0).astype(np.float32),
        scale=np.where(spread > 0, spread, 1.0).astype(np.float32),
        usual=usual.astype(np.float32),
    )


def _moments(windows: WindowedSeries, inputs: RidgeInputs, rows: Rows, steps: slice) -> _Moments:
    """Sum the products batch by batch: float32 within a batch, float64 across batches.

    Inputs are centred beforehand, so subtracting the product of the means afterwards cancels nothing.
    """
    if not len(rows):
        raise TooFewWindows(
            f"no training window has a measured target at step {steps.start + 1}, so no ridge regression can be fitted",
            todo="Bring a longer history, or lower data.horizon",
        )
    columns = len(_lookback_columns(windows)) * windows.lookback + len(ORIGIN_COLUMNS)
    products: Matrix | float = 0.0
    for batch in in_batches(len(rows), BATCH_WINDOWS):
        target, _ = windows.targets(rows[batch])
        change = target[:, steps] - windows.series[rows[batch], Feature.bg.column, None]
        ones = np.ones((len(target), 1), dtype=np.float32)
        table = np.concatenate([inputs.of(windows, rows[batch]), change, ones], axis=1)
        products = products + (table.T @ table).astype(np.float64)
    products = np.asarray(products) / len(rows)
    mean = products[-1, :-1]
    covariance = products[:-1, :-1] - np.outer(mean, mean)
    return _Moments(mean[:columns], mean[columns:], covariance[:columns, :columns], covariance[:columns, columns:])


def _solve(moments: _Moments, penalties: Sequence[float]) -> list[tuple[Matrix, Matrix]]:
    """Weights [column, step] and intercept [step] for each penalty, on exactly standardised inputs.

    Constant inputs keep a weight of 0.
    """
    spread = np.sqrt(np.maximum(moments.inputs.diagonal(), 0.0))
    varying = np.flatnonzero(spread > CONSTANT_BELOW)
    scale = spread[varying, None]
    correlation = moments.inputs[np.ix_(varying, varying)] / (scale * scale.T)
    right = moments.inputs_changes[varying] / scale
    solutions = []
    for penalty in penalties:
        weights = np.zeros_like(moments.inputs_changes)
        weights[varying] = np.linalg.solve(correlation + penalty * np.eye(len(varying)), right) / scale
        solutions.append((weights, moments.change_mean - moments.input_mean @ weights))
    return solutions


def _best_on_validation(windows: WindowedSeries, candidates: Sequence[RidgeForecaster]) -> RidgeForecaster:
    rows = windows.origins[Split.validate].rows
    errors = [no_errors(windows.horizon) for _ in candidates]
    for batch in in_batches(len(rows), BATCH_WINDOWS):
        inputs = candidates[0].inputs.of(windows, rows[batch])
        target, measured = windows.targets(rows[batch])
        for place, candidate in enumerate(candidates):
            change = inputs @ candidate.weights.astype(np.float32) + candidate.intercept
            forecast = from_last_reading(windows, rows[batch], change)
            errors[place] = errors[place] + error_sums(forecast, target, measured)
    maes = [error.mae(1, windows.horizon) for error in errors]
    return candidates[min(range(len(candidates)), key=lambda place: (maes[place] is None, maes[place]))]
