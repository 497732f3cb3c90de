"""Persistence stays; the ridge regression is the one that scikit-learn finds, whatever is constant or missing."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from bloodtwin_core.common.errors import TooFewWindows
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import Baseline, fit_ridge, persistence, ridge, without_fit
from bloodtwin_core.evaluation.baselines.ridge import LOOKBACK_COLUMNS, ORIGIN_COLUMNS
from bloodtwin_core.evaluation.metrics import error_sums
from bloodtwin_core.records import Feature, Split
from bloodtwin_core.windows import WindowedSeries
from tests.core.evaluation.hand_made import two_pumps, wandering, windows_of


def settings(*penalties: float, most: int = 120_000) -> EvaluationSettings:
    return EvaluationSettings(ridge_penalties=list(penalties), ridge_max_windows=most)


def by_scikit_learn(windows: WindowedSeries, train: np.ndarray, rows: np.ndarray, penalty: float) -> np.ndarray:
    def inputs(some: np.ndarray) -> np.ndarray:
        lookbacks = windows.lookbacks(some)[:, :, LOOKBACK_COLUMNS].reshape(len(some), -1)
        return np.concatenate([lookbacks, windows.series[some][:, ORIGIN_COLUMNS]], axis=1).astype(np.float64)

    scaler = StandardScaler().fit(inputs(train))
    last = windows.series[:, Feature.bg.column].astype(np.float64)
    change = windows.targets(train)[0] - last[train, None]
    fitted = Ridge(alpha=penalty * len(train)).fit(scaler.transform(inputs(train)), change)
    return np.clip(last[rows, None] + fitted.predict(scaler.transform(inputs(rows))), 20, 600)


def test_persistence_of_a_constant_glucose_is_without_error():
    flat = np.full(60, 123.0)
    windows = windows_of({"a": dict.fromkeys(Split, flat)})
    rows = windows.origins[Split.test].rows
    assert error_sums(persistence(windows, rows), *windows.targets(rows)).mae(1, 12) == 0.0


def test_persistence_is_the_last_reading_carried_over_a_gap():
    glucose = np.arange(100.0, 160.0)
    glucose[[20, 21]] = np.nan
    windows = windows_of({"a": {Split.train: glucose, Split.validate: glucose, Split.test: glucose}})
    origin = windows.segments_of(Split.test)[0].start + 21
    assert persistence(windows, np.array([origin])).tolist() == [[119.0] * 12]


@pytest.mark.parametrize("penalty", [1e-3, 1e-2, 1.0])
def test_the_ridge_regression_is_scikit_learns(penalty: float, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ridge, "BATCH_WINDOWS", 100)
    windows = two_pumps()
    rows = windows.origins[Split.test].rows
    fitted = fit_ridge(windows, settings(penalty))
    train = windows.origins[Split.train]
    assert fitted.training_windows == train.complete.sum()
    expected = by_scikit_learn(windows, train.rows[train.complete], rows, penalty)
    np.testing.assert_allclose(fitted.predict(windows, rows), expected, atol=0.02)


def test_the_penalty_with_the_lowest_validation_error_is_chosen():
    windows = two_pumps()
    rows = windows.origins[Split.validate].rows

    def mae(penalty: float) -> float:
        forecast = fit_ridge(windows, settings(penalty)).predict(windows, rows)
        return error_sums(forecast, *windows.targets(rows)).mae(1, 12) or np.inf

    penalties = [1e-3, 1e-1, 10.0, 1000.0]
    assert fit_ridge(windows, settings(*penalties)).penalty == min(penalties, key=mae)
    assert fit_ridge(windows, settings(*penalties[::-1])).penalty == min(penalties, key=mae)


def test_the_test_split_has_no_say_in_the_fit():
    one, other = two_pumps(), two_pumps()
    for segment in other.segments_of(Split.test):
        other.series[segment.start : segment.stop, Feature.bg.column] += 50
    fitted = [fit_ridge(windows, settings(1e-3, 1.0)) for windows in (one, other)]
    assert fitted[0].penalty == fitted[1].penalty
    np.testing.assert_array_equal(fitted[0].weights, fitted[1].weights)


def test_constant_inputs_do_no_harm():
    flat = np.full(80, 150.0)
    windows = windows_of({"a": {Split.train: flat, Split.validate: flat, Split.test: wandering(80, 1)}})
    windows.series[:, Feature.basal_rate.column] = 0.85
    windows.series[:, Feature.bolus_dose.column] = 0.0
    rows = windows.origins[Split.test].rows
    forecast = fit_ridge(windows, settings(1e-3)).predict(windows, rows)
    np.testing.assert_allclose(forecast, persistence(windows, rows), atol=1e-2)


def test_where_every_window_has_a_gap_each_step_is_fitted_on_what_was_measured():
    glucose = wandering(400, 1)
    glucose[2::9] = np.nan
    train = windows_of({"a": {Split.train: glucose, Split.validate: wandering(90, 2), Split.test: wandering(90, 3)}})
    assert not train.origins[Split.train].complete.any()
    fitted = fit_ridge(train, settings(1e-3))
    rows = train.origins[Split.test].rows
    errors = error_sums(fitted.predict(train, rows), *train.targets(rows))
    still = error_sums(persistence(train, rows), *train.targets(rows))
    assert (errors.mae(1, 12) or np.inf) < (still.mae(1, 12) or 0.0)


def test_a_step_that_was_never_measured_is_said():
    glucose = np.full(60, np.nan)
    glucose[:10] = 100.0
    windows = windows_of({"a": {Split.train: glucose, Split.validate: wandering(60, 2), Split.test: wandering(60, 3)}})
    with pytest.raises(TooFewWindows, match=r"no training window has a measured target at step 5.*data\.horizon"):
        fit_ridge(windows, settings(1e-3))


def test_no_more_windows_than_asked_for_are_fitted():
    assert fit_ridge(two_pumps(), settings(1e-2, most=100)).training_windows == 100


def test_forecasts_stay_within_the_glucose_limits():
    steep = np.concatenate([np.linspace(590, 30, 60), np.linspace(30, 590, 60)])
    windows = windows_of({"a": dict.fromkeys(Split, steep)})
    rows = windows.origins[Split.test].rows
    forecast = fit_ridge(windows, settings(1e-3)).predict(windows, rows)
    assert forecast.min() >= 20
    assert forecast.max() <= 600
    assert forecast.dtype == np.float32


@pytest.mark.parametrize("name", ["model", "targets", "skill_of_mine", "minus_ridge", "test_mae", "two words", ""])
def test_a_baseline_cannot_take_the_name_of_something_else(name: str):
    with pytest.raises(ValueError, match="no baseline can be called"):
        Baseline(name, "mine", "mine", "says what I say", without_fit(persistence))
