"""A history of glucose alone, of people without a pump, goes all the way without an unknown number."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.checkpoint import load_checkpoint
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_ridge
from bloodtwin_core.evaluation.testing import forecast_windows
from bloodtwin_core.records import Feature, PumpRecords, Split
from bloodtwin_core.scaling import FeatureScaler, fit_scaler
from bloodtwin_core.training import CheckpointFolder, fit
from bloodtwin_core.windows import WindowedSeries, fill_from_the_past, window_series
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, tiny_splits

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


def test_what_was_never_known_is_zero_and_keeps_its_unit(prepared: tuple[WindowedSeries, FeatureScaler]) -> None:
    windows, scaler = prepared
    for column in INSULIN:
        assert (scaler.centre[column], scaler.scale[column]) == (0.0, 1.0)
    for segment in windows.segments_of(Split.train):
        assert (windows.series[segment.start : segment.stop, INSULIN] == 0.0).all()
    assert np.isfinite(windows.series).all()


def test_a_record_of_which_only_glucose_is_known_is_filled() -> None:
    [_, (_, records), _] = splits(())
    scaler = fit_scaler([records])
    filled = fill_from_the_past(records.values, scaler.centres)
    assert np.isfinite(filled).all()
    assert (filled[:, INSULIN] == 0.0).all()


def test_ridge_and_network_forecast_numbers(prepared: tuple[WindowedSeries, FeatureScaler], tmp_path: Path) -> None:
    windows, scaler = prepared
    rows = windows.origins[Split.test].rows
    ridge = fit_ridge(windows, EvaluationSettings(ridge_max_windows=200))
    assert np.isfinite(ridge.weights).all()
    assert np.isfinite(ridge.predict(windows, rows)).all()
    training = TINY_TRAINING.model_copy(update={"max_epochs": 1})
    fitted = fit(windows, scaler, TINY_MODEL, training, CheckpointFolder(tmp_path / "c"), tmp_path / "t", "data")
    assert np.isfinite([fitted.best.train_loss, fitted.best.val_mae]).all()
    network = load_checkpoint(fitted.checkpoint).forecaster
    assert np.isfinite(forecast_windows(network, windows, rows, 64, "cpu")).all()
