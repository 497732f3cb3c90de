"""What is told of a test: groups divide the windows, pumps pool, figures stand with their intervals."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_baselines, persistence
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.forecasts import ForecastFunction, WindowForecasts, join, without_uncertainty
from bloodtwin_core.evaluation.groups import AFTER_BOLUS, AFTER_GAP, DAY_PARTS
from bloodtwin_core.evaluation.measuring import measure, only, without
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.testing import (
    forecast_batches,
    index_of,
    measured_results,
    store_forecasts,
)
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import GLUCOSE_RANGES, Rows, Split
from bloodtwin_core.windows import WindowedSeries
from tests.core.evaluation.hand_made import TESTED, evaluate, two_pumps, wandering, windows_of

SETTINGS = EvaluationSettings(bootstrap_samples=100)
WINDOWS = two_pumps()


def a_little_high(windows: WindowedSeries) -> ForecastFunction:
    def forecast(rows: Rows) -> WindowForecasts:
        prediction = windows.targets(rows)[0] + np.float32(3)
        spread = (np.array(QUANTILE_LEVELS, dtype=np.float32) - np.float32(0.5)) * 20
        return WindowForecasts(prediction, prediction[:, :, None] + spread, np.zeros_like(prediction))

    return forecast


@pytest.fixture(scope="module")
def results() -> TestResults:
    return evaluate(WINDOWS, a_little_high(WINDOWS), SETTINGS)


def groups(results: TestResults) -> list[dict[str, Comparison]]:
    return [
        group
        for found in (results.complete, results.available)
        for group in (found.glucose_ranges, found.times_of_day, found.bolus, found.gap)
    ]


def test_groups_have_their_labels_and_divide_what_was_measured(results: TestResults) -> None:
    for found in (results.complete, results.available):
        assert list(found.glucose_ranges) == [each.name for each in GLUCOSE_RANGES]
        assert tuple(found.times_of_day) == DAY_PARTS
        assert tuple(found.bolus) == AFTER_BOLUS
        assert tuple(found.gap) == AFTER_GAP
        for group in (found.glucose_ranges, found.times_of_day, found.bolus, found.gap, found.pumps):
            assert sum(comparison.measured_targets for comparison in group.values()) == found.measured_targets
        for group in (found.times_of_day, found.bolus, found.gap, found.pumps):
            assert sum(comparison.windows for comparison in group.values()) == found.windows


def test_every_step_tells_at_mean_and_bias(results: TestResults) -> None:
    by_step = results.available.pooled.by_step
    assert by_step.minutes == list(range(5, 65, 5))
    for name in ("mae_at", "mae_mean", "rmse_at", "rmse_mean", "bias_at", "bias_mean"):
        assert getattr(by_step.model, name) == pytest.approx([3.0] * 12, abs=1e-4)
    pooled = results.available.pooled
    assert by_step.persistence.mae_at[5] == pooled.persistence.test_mae_at_30min
    assert by_step.persistence.rmse_mean[11] == pooled.persistence.test_rmse_60min
    assert by_step.skill.mae_at[5] == pooled.skill.test_mae_at_30min
    assert by_step.skill_against_ridge.rmse_at[11] == pooled.skill_against_ridge.test_rmse_at_60min
    assert results.available.error_by_step.model == by_step.model.mae_at
    assert sum(by_step.targets) == pooled.measured_targets


def test_where_nothing_was_measured_there_is_no_figure_and_no_interval(results: TestResults) -> None:
    empty = [each for group in groups(results) for each in group.values() if not each.measured_targets]
    assert empty
    for comparison in empty:
        assert comparison.intervals is None
        assert comparison.model.test_mae is None
        assert set(comparison.by_step.model.mae_at) == {None}


def test_a_pump_of_one_day_has_no_interval(results: TestResults) -> None:
    assert all(comparison.intervals is None for comparison in results.available.pumps.values())


def test_intervals_stand_by_figures_of_many_days(tmp_path: Path) -> None:
    many = {split: wandering(288 * 8, place) for place, split in enumerate(Split)}
    windows = windows_of({"a": many})
    results = evaluate(windows, a_little_high(windows), SETTINGS)
    pooled = results.available.pooled
    assert pooled.intervals is not None
    assert results.available.pumps["a"].intervals == pooled.intervals
    skill = pooled.intervals.skill["test_mae_at_60min"]
    assert skill is not None
    assert skill.value == pytest.approx(pooled.skill.test_mae_at_60min)
    assert skill.low < skill.value < skill.high
    results.write(tmp_path / "results.yaml")
    assert "{value: 3.0, low: 3.0, high: 3.0}" in (tmp_path / "results.yaml").read_text()
    read = TestResults.read(tmp_path / "results.yaml").available.pooled.intervals
    assert read is not None
    assert read.skill["test_mae_at_60min"] == skill.model_copy(
        update={name: round(value, 4) for name, value in skill.model_dump().items()}
    )


def test_the_judged_band_has_an_interval_around_what_coverage_tells() -> None:
    windows = windows_of({"a": {split: wandering(288 * 8, place) for place, split in enumerate(Split)}})

    def forecast(rows: Rows) -> WindowForecasts:
        still = persistence(windows, rows)
        spread = (np.array(QUANTILE_LEVELS, dtype=np.float32) - np.float32(0.5)) * 30
        return WindowForecasts(still, still[:, :, None] + spread)

    found = evaluate(windows, forecast, SETTINGS).uncertainty
    assert found is not None
    shares = found.calibration.pooled.band(0.8).share
    assert len(found.judged_band) == len(shares) == 12
    for interval, share in zip(found.judged_band, shares, strict=True):
        assert interval is not None
        assert interval.value == pytest.approx(share)
        assert interval.low <= interval.value <= interval.high
    assert found.judged_band[11] is not None
    assert found.judged_band[11].low < found.judged_band[11].high


def test_uncertainty_and_clinical_meaning_are_told_and_read_back(results: TestResults, tmp_path: Path) -> None:
    assert results.uncertainty is not None
    assert results.uncertainty.calibration.pooled.band(0.8).overall_width == pytest.approx(16, abs=1e-3)
    assert results.uncertainty.pinball_skill is not None
    assert results.uncertainty.judged_band == [None] * 12
    assert {(alarms.threshold, alarms.minutes) for alarms in results.clinical.alarms} == {
        (name, minutes) for name in ("hypoglycaemia", "hyperglycaemia") for minutes in (30, 60)
    }
    assert [grid.minutes for grid in results.clinical.model.error_grids] == [30, 60]
    results.write(tmp_path / "results.yaml")
    read = TestResults.read(tmp_path / "results.yaml")
    assert read.uncertainty is not None
    assert [target.met for target in read.uncertainty.targets] == [t.met for t in results.uncertainty.targets]
    assert read.clinical.alarms[0].model.events == results.clinical.alarms[0].model.events


def test_without_quantiles_nothing_is_told_of_uncertainty(tmp_path: Path) -> None:
    still = without_uncertainty(lambda rows: persistence(WINDOWS, rows))
    results = evaluate(WINDOWS, still, SETTINGS)
    results.write(tmp_path / "results.yaml")
    assert TestResults.read(tmp_path / "results.yaml").uncertainty is None


def test_the_first_hour_stays_the_headline_of_a_longer_horizon(tmp_path: Path) -> None:
    windows = two_pumps(horizon=24)
    still = without_uncertainty(lambda rows: persistence(windows, rows))
    results = evaluate(windows, still, SETTINGS)
    assert results.headline.test_mae == results.headline.test_mae_60min
    assert results.headline.test_rmse == results.headline.test_rmse_60min
    assert (results.headline.test_mae_at_120min or 0.0) > (results.headline.test_mae_at_60min or 0.0)
    assert [target.name for target in results.targets] == [
        "mae_at_30min", "mae_at_60min", "rmse", "skill_mae_at_30min", "skill_mae_at_60min",
    ]  # fmt: skip
    results.write(tmp_path / "results.yaml")
    content = yaml.safe_load((tmp_path / "results.yaml").read_text())
    assert {"test_mae_90min", "test_mae_at_120min", "test_rmse_at_90min"} <= set(content)
    assert content["notes"] == []


def test_stored_forecasts_give_the_same_results(results: TestResults, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"batch_size": 7})
    store_forecasts(tmp_path / "forecasts", WINDOWS, a_little_high(WINDOWS), settings, TESTED)
    stored = measured_results(tmp_path / "forecasts", WINDOWS, settings)
    assert stored.available.pumps["b"].model == results.available.pumps["b"].model
    assert stored.tested == results.tested
    assert stored.uncertainty == results.uncertainty


def test_leaving_pumps_out_measures_the_others() -> None:
    baselines = fit_baselines(WINDOWS, SETTINGS)
    forecasts = join(list(forecast_batches(WINDOWS, a_little_high(WINDOWS), baselines, SETTINGS)))
    index = index_of(WINDOWS, baselines, TESTED)
    everyone = measure(forecasts, WINDOWS, index, SETTINGS)
    rest, rest_index = without(forecasts, index, ["b"])
    without_b = measure(rest, WINDOWS, rest_index, SETTINGS)
    assert without_b.complete.pooled.model == everyone.complete.pumps["a"].model
    assert list(without_b.complete.pumps) == ["a"]
    with pytest.raises(SettingsError, match=r"pumps \['z'\] were not tested\. Tested were \['a', 'b'\]"):
        without(forecasts, index, ["a", "z"])
    alone, alone_index = only(forecasts, index, ["a"])
    assert alone_index == rest_index
    assert measure(alone, WINDOWS, alone_index, SETTINGS).available.pooled == without_b.available.pooled
