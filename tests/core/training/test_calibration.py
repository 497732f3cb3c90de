"""After calibration each quantile holds its level where it was calibrated, in every range and at every step."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings, ModelSettings
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.levels import MEDIAN, QUANTILE_LEVELS
from bloodtwin_core.network.scan import scan_forecasts
from bloodtwin_core.records import GLUCOSE_RANGES, Feature, Split, glucose_range_of
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.calibration import ENOUGH_WINDOWS, calibrate, calibrate_checkpoint, conformal_offsets
from bloodtwin_core.training.fit import fit
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, tiny_windows

LEVELS = np.array(QUANTILE_LEVELS)


def above(windows: int, steps: int = 2, seed: int = 0) -> np.ndarray:
    """Readings around a network that gives 0 for every quantile, wider at the second step."""
    readings = np.random.default_rng(seed).normal(3.0, 10.0, (windows, steps, 1)) * np.arange(1, steps + 1)[:, None]
    return np.repeat(readings, len(LEVELS), axis=2).astype(np.float32)


def test_offsets_make_each_quantile_hold_its_level_in_each_range() -> None:
    ranges = np.repeat([0, 2, 4], 2000)
    errors = above(6000) * np.array([1.0, 1.0, 3.0, 1.0, 0.5])[ranges][:, None, None]
    offsets = conformal_offsets(errors, np.ones((6000, 2), dtype=np.bool_), ranges)
    for place in (0, 2, 4):
        held = (errors[ranges == place] <= offsets[place]).mean(axis=0)
        np.testing.assert_allclose(held, np.broadcast_to(LEVELS, held.shape), atol=0.002)


def test_they_lean_outwards_by_the_finite_sample_rule() -> None:
    errors = np.repeat(np.arange(1.0, 20.0, dtype=np.float32)[:, None, None], len(LEVELS), axis=2)
    errors = np.tile(errors, (ENOUGH_WINDOWS, 1, 1))
    offsets = conformal_offsets(errors, np.ones(errors.shape[:2], dtype=np.bool_), np.full(len(errors), 2))
    assert offsets[2, 0, 0] == 1.0, "floor(0.05 * 9501) = 475 of 9500 are at most 1"
    assert offsets[2, 0, -1] == 19.0
    assert offsets[2, 0, MEDIAN] == 10.0


def test_a_range_with_few_windows_shrinks_to_all_together() -> None:
    ranges = np.array([2] * 5000 + [4] * (ENOUGH_WINDOWS // 2))
    errors = above(len(ranges))
    errors[ranges == 4] += 100.0
    measured = np.ones(errors.shape[:2], dtype=np.bool_)
    offsets = conformal_offsets(errors, measured, ranges)
    alone = conformal_offsets(
        np.repeat(errors[ranges == 4], 2, axis=0),
        np.repeat(measured[ranges == 4], 2, axis=0),
        np.full(ENOUGH_WINDOWS, 4),
    )[4]
    np.testing.assert_array_equal(offsets[0], offsets[1], err_msg="without windows a range takes those of all")
    np.testing.assert_allclose(offsets[4], (alone + offsets[0]) / 2, atol=1.0)


def test_what_was_not_measured_never_counts() -> None:
    errors, ranges = above(3000), np.full(3000, 2)
    measured = np.random.default_rng(1).random((3000, 2)) < 0.5
    hidden = np.where(measured[..., None], errors, np.float32(1e6))
    np.testing.assert_array_equal(
        conformal_offsets(errors, measured, ranges), conformal_offsets(hidden, measured, ranges)
    )
    measured[:, 1] = False
    assert (conformal_offsets(errors, measured, ranges)[:, 1] == 0).all()


@pytest.mark.parametrize("quantiles", [True, False])
def test_a_calibrated_network_covers_its_validation_windows(quantiles: bool) -> None:
    windows, scaler = tiny_windows(pumps=3, count=3000)
    torch.manual_seed(0)
    model = TINY_MODEL.model_copy(update={"quantiles": quantiles})
    network = GlucoseForecaster(model, TINY_DATA.horizon, scaler, TINY_DATA.lookback)
    network.offsets.fill_(50.0)
    found = calibrate(network, windows)
    rows = windows.origins[Split.validate].rows
    assert found.windows.sum() == len(rows)
    target, measured = windows.targets(rows)
    in_target = glucose_range_of(windows.series[rows, Feature.bg.column]) == 2
    assert found.windows[2] == in_target.sum() > ENOUGH_WINDOWS
    forecast = scan_forecasts(network, windows, rows)
    below = (target[..., None] <= forecast.quantiles.numpy())[in_target]
    for step in range(TINY_DATA.horizon):
        held = below[measured[in_target, step], step].mean(axis=0)
        np.testing.assert_allclose(held, LEVELS, atol=0.02)


def test_bands_for_other_people_are_so_many_times_as_wide_at_each_step_around_the_same_median() -> None:
    windows, scaler = tiny_windows(pumps=3, count=3000)
    torch.manual_seed(0)
    network = GlucoseForecaster(TINY_MODEL, TINY_DATA.horizon, scaler, TINY_DATA.lookback)
    rows = windows.origins[Split.validate].rows
    found, factors = [], 1.0 + 0.1 * np.arange(TINY_DATA.horizon)
    for widths in ([], factors.tolist()):
        calibrate(network, windows, widths=widths)
        found.append(scan_forecasts(network, windows, rows).quantiles.numpy())
    ranges = glucose_range_of(windows.series[rows, Feature.bg.column])
    for place in np.unique(ranges):
        plain, wide = (quantiles[ranges == place].mean(axis=0) for quantiles in found)
        np.testing.assert_allclose(wide[:, MEDIAN], plain[:, MEDIAN], atol=1e-2)
        wanted = factors[:, None] * (plain - plain[:, [MEDIAN]])
        np.testing.assert_allclose(wide - wide[:, [MEDIAN]], wanted, atol=0.1, rtol=0.01)


def test_there_is_a_width_for_each_step_or_none(tmp_path: Path) -> None:
    windows, scaler = tiny_windows()
    training = TINY_TRAINING.model_copy(update={"band_widths": [1.1, 1.2]})
    with pytest.raises(SettingsError, match=r"band_widths has 2 widths, but data\.horizon is 6\. Give one for each"):
        fit(windows, scaler, TINY_MODEL, training, CheckpointFolder(tmp_path / "c"), tmp_path / "tb", "data")
    assert not list(tmp_path.iterdir())


def test_an_ensemble_with_two_hours_of_horizon_is_trained_and_calibrated(tmp_path: Path) -> None:
    windows, scaler = tiny_windows(settings=DataSettings(lookback=24, horizon=24))
    model = ModelSettings(hidden_size=8, ensemble_size=2)
    folder = CheckpointFolder(tmp_path / "checkpoints")
    fitted = fit(windows, scaler, model, TINY_TRAINING, folder, tmp_path / "tensorboard", "data")
    network = load_checkpoint(fitted.checkpoint).forecaster
    assert len(network.each_member) == 2
    assert network.offsets.shape == (len(GLUCOSE_RANGES), 24, len(QUANTILE_LEVELS))
    found = scan_forecasts(network, windows, windows.origins[Split.test].rows)
    assert found.quantiles.shape[1:] == (24, len(QUANTILE_LEVELS))
    assert (found.disagreement > 0).all()


def test_training_leaves_a_calibrated_checkpoint_and_the_point_forecast_as_it_was(tmp_path: Path) -> None:
    windows, scaler = tiny_windows()
    folder = CheckpointFolder(tmp_path / "checkpoints")
    fitted = fit(windows, scaler, TINY_MODEL, TINY_TRAINING, folder, tmp_path / "tensorboard", "data")
    checkpoint = load_checkpoint(fitted.checkpoint)
    assert (checkpoint.forecaster.offsets != 0).any()
    lookbacks = torch.from_numpy(windows.lookbacks(windows.origins[Split.test].rows[:5]))
    with torch.inference_mode():
        calibrated = checkpoint.forecaster.forecast(lookbacks)
        checkpoint.forecaster.offsets.zero_()
        plain = checkpoint.forecaster.forecast(lookbacks)
    torch.testing.assert_close(calibrated.prediction, plain.prediction)
    assert (calibrated.quantiles.diff(dim=-1) >= 0).all()
    again = calibrate_checkpoint(fitted.checkpoint, windows)
    torch.testing.assert_close(load_checkpoint(fitted.checkpoint).forecaster.offsets, torch.from_numpy(again.offsets))
    assert load_checkpoint(fitted.checkpoint).sha256 == fitted.sha256, "calibrating twice changes nothing"
