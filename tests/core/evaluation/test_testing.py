"""Testing a forecaster: the contract's windows, every pump, any choice of pumps."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bloodtwin_core.config import EvaluationSettings, ModelSettings
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.forecasts import without_uncertainty
from bloodtwin_core.evaluation.metrics import error_sums
from bloodtwin_core.evaluation.testing import forecast_windows, forecast_with_uncertainty, store_forecasts
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import Split
from tests.core.evaluation.hand_made import LOOKBACK, TESTED, evaluate, two_pumps, unit_scaler, wandering, windows_of

SETTINGS = EvaluationSettings(batch_size=7)
WINDOWS = two_pumps()
ROWS = WINDOWS.origins[Split.test].rows
still = without_uncertainty(lambda rows: persistence(WINDOWS, rows))


def network() -> GlucoseForecaster:
    torch.manual_seed(0)
    return GlucoseForecaster(ModelSettings(hidden_size=4, dropout=0.5), 12, unit_scaler(), LOOKBACK)


def test_the_networks_forecasts_start_from_zero_and_see_the_lookback_alone():
    forecaster = network().eval()
    with torch.no_grad():
        alone = [forecaster(torch.tensor(WINDOWS.series[row - LOOKBACK + 1 : row + 1])[None])[0] for row in ROWS]
    forecast = forecast_windows(forecaster, WINDOWS, ROWS, batch_size=16, device="cpu")
    assert forecast.dtype == np.float32
    np.testing.assert_allclose(forecast, np.stack(alone), rtol=0, atol=1e-3)


def test_uncertainty_comes_with_the_same_forecasts():
    forecaster = network()
    found = forecast_with_uncertainty(forecaster, WINDOWS, ROWS, batch_size=16, device="cpu")
    np.testing.assert_array_equal(found.prediction, forecast_windows(forecaster, WINDOWS, ROWS, 16, "cpu"))
    assert found.quantiles is not None
    assert found.quantiles.shape == (len(ROWS), 12, len(QUANTILE_LEVELS))
    assert found.disagreement is not None
    assert not found.disagreement.any()


def test_dropout_is_off_while_testing_and_back_on_afterwards():
    forecaster = network().train()
    first, second = (forecast_windows(forecaster, WINDOWS, ROWS, 16, "cpu") for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert forecaster.training


def test_no_window_is_no_forecast():
    assert forecast_windows(network(), WINDOWS, ROWS[:0], 16, "cpu").shape == (0, 12)


def test_persistence_has_skill_one_against_itself():
    results = evaluate(WINDOWS, still, SETTINGS)
    for found in (results.complete, results.available):
        for comparison in (found.pooled, *found.pumps.values()):
            assert set(comparison.skill.within(12).values()) == {1.0}
            assert comparison.model == comparison.persistence


def test_the_metrics_are_those_of_all_windows_at_once():
    origins = WINDOWS.origins[Split.test]
    results = evaluate(WINDOWS, still, SETTINGS)
    for found, rows in ((results.available, origins.rows), (results.complete, origins.rows[origins.complete])):
        errors = error_sums(persistence(WINDOWS, rows), *WINDOWS.targets(rows))
        assert (found.windows, found.measured_targets) == (len(rows), errors.targets.sum())
        assert found.pooled.model.test_rmse_at_60min == pytest.approx(errors.rmse(12, 12))
        assert found.pooled.model.test_mae_30min == pytest.approx(errors.mae(1, 6))


def test_progress_reaches_the_number_of_windows(tmp_path: Path):
    told: list[tuple[int, int]] = []
    store_forecasts(tmp_path / "forecasts", WINDOWS, still, SETTINGS, TESTED, lambda done, of: told.append((done, of)))
    assert told[-1] == (len(ROWS), len(ROWS))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_pump_without_a_test_window_is_reported_with_none():
    long = {split: wandering(90, place) for place, split in enumerate(Split)}
    windows = windows_of({"a": long, "short": {Split.train: wandering(90, 7), Split.test: wandering(10, 8)}})
    results = evaluate(windows, without_uncertainty(lambda rows: persistence(windows, rows)), SETTINGS)
    assert results.available.pumps["short"].windows == 0
    assert results.available.pumps["short"].model.test_mae is None
    assert results.available.pumps["short"].skill.test_mae is None
