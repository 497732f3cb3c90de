"""Insulin of which nobody knows, as of people without a pump, stays unknown, and forecasts are numbers nevertheless."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_ridge
from bloodtwin_core.evaluation.testing import forecast_windows
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.records import Feature, PumpRecords, Split
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows import WindowedSeries, window_series
from bloodtwin_core.windows.scaler import FeatureScaler, fit_scaler
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, tiny_splits, tiny_windows

INSULIN = [Feature.basal_rate.column, Feature.bolus_dose.column]


def splits(known_in: tuple[Split, ...]) -> list[tuple[Split, PumpRecords]]:
    """Tiny splits whose insulin is known in some of them only."""
    made = tiny_splits(pumps=1)
    for split, records in made:
        if split not in known_in:
            records.values[:, INSULIN] = np.nan
    return made


@pytest.fixture(params=[(), (Split.test,), (Split.validate, Split.test)], ids=["never", "test", "validate and test"])
def prepared(request: pytest.FixtureRequest) -> tuple[WindowedSeries, FeatureScaler]:
    made = splits(request.param)
    scaler = fit_scaler(records for split, records in made if split is Split.train)
    return window_series(made, scaler, TINY_DATA), scaler


def test_what_was_never_known_is_unknown_and_keeps_its_unit(prepared: tuple[WindowedSeries, FeatureScaler]) -> None:
    windows, scaler = prepared
    for column in INSULIN:
        assert (scaler.centre[column], scaler.scale[column]) == (0.0, 1.0)
    for segment in windows.segments_of(Split.train):
        assert np.isnan(windows.series[segment.start : segment.stop, INSULIN]).all()
    others = [feature.column for feature in Feature if feature.column not in INSULIN]
    assert np.isfinite(windows.series[:, others]).all()


def test_the_ridge_regression_forecasts_numbers(prepared: tuple[WindowedSeries, FeatureScaler]) -> None:
    windows, _ = prepared
    ridge = fit_ridge(windows, EvaluationSettings(ridge_max_windows=200))
    assert np.isfinite(ridge.weights).all()
    assert np.isfinite(ridge.predict(windows, windows.origins[Split.test].rows)).all()


def test_the_ridge_regression_takes_the_training_median_for_what_is_unknown() -> None:
    whole, _ = tiny_windows(missing=0.0)
    ridge = fit_ridge(whole, EvaluationSettings(ridge_max_windows=200))
    rows, basal = whole.origins[Split.test].rows, Feature.basal_rate.column
    usual = np.median(whole.series[whole.origins[Split.train].rows, basal])
    unknown, replaced = whole.series.copy(), whole.series.copy()
    unknown[::3, basal], replaced[::3, basal] = np.nan, usual
    forecasts = [ridge.predict(replace(whole, series=series), rows) for series in (unknown, replaced)]
    np.testing.assert_array_equal(*forecasts)


def test_the_network_forecasts_numbers(prepared: tuple[WindowedSeries, FeatureScaler], tmp_path: Path) -> None:
    windows, scaler = prepared
    rows = windows.origins[Split.test].rows
    training = TINY_TRAINING.model_copy(update={"max_epochs": 1})
    fitted = fit(windows, scaler, TINY_MODEL, training, CheckpointFolder(tmp_path / "c"), tmp_path / "t", "data")
    assert np.isfinite([fitted.best.train_loss, fitted.best.val_mae]).all()
    network = load_checkpoint(fitted.checkpoint).forecaster
    assert np.isfinite(forecast_windows(network, windows, rows, 64, "cpu")).all()
