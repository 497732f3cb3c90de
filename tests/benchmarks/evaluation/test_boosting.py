"""Gradient boosting on the forecaster's windows: what it sees, and the study as a whole on tiny data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluation.boosting import FIRST, examples, fit, inputs, seen_ages, study
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.forecasts_files import read_forecasts
from bloodtwin_core.evaluation.metrics import error_sums
from bloodtwin_core.records import Feature, Split
from bloodtwin_core.windows import WindowedSeries
from tests.core.evaluation.hand_made import two_pumps, wandering, windows_of

TINY = replace(FIRST, leaves=7, learning_rate=0.2, columns_tried=1.0, stride=2)


def test_the_ages_seen_reach_back_over_the_whole_lookback() -> None:
    assert seen_ages(6).tolist() == [0, 1, 2, 3, 4, 5]
    assert seen_ages(288)[[0, 23, 24, 25, 40, 41, -1]].tolist() == [0, 23, 24, 27, 72, 84, 276]


@pytest.mark.parametrize("every_record", [True, False])
def test_nothing_after_the_origin_is_seen(every_record: bool) -> None:
    windows = two_pumps()
    rows = windows.origins[Split.test].rows[:1]
    before = inputs(windows, rows, every_record)
    windows.series[rows[0] + 1 :] = 55.0
    np.testing.assert_array_equal(inputs(windows, rows, every_record), before)


def test_glucose_is_seen_relative_to_the_last_reading_and_bolus_as_the_sum_since() -> None:
    windows = two_pumps()
    row = int(windows.origins[Split.train].rows[3])
    seen = inputs(windows, np.array([row]), every_record=False)[0]
    back = windows.series[row - 5 : row + 1][::-1]
    np.testing.assert_allclose(seen[:6], back[:, Feature.bg.column] - back[0, Feature.bg.column], rtol=1e-5)
    np.testing.assert_allclose(seen[6:12], np.cumsum(back[:, Feature.bolus_dose.column]))


def test_a_gap_is_unknown_and_an_unmeasured_target_is_no_example() -> None:
    glucose = wandering(60, 1)
    glucose[[20, 21]] = np.nan
    windows = windows_of({"a": dict.fromkeys(Split, glucose)})
    rows = windows.origins[Split.train].rows
    assert np.isnan(inputs(windows, np.array([22]), every_record=False)[0, 1:3]).all()
    assert len(examples(windows, rows, 1, every_record=False)[0]) == len(rows) - 2


def test_it_learns_what_persistence_does_not_know_and_the_same_each_time() -> None:
    windows = two_pumps(horizon=3)
    rows = windows.origins[Split.test].rows
    forecast = fit(windows, replace(TINY, members=2), range(1, 4)).predict(windows, rows)
    again = fit(windows, replace(TINY, members=2), range(1, 4)).predict(windows, rows)
    np.testing.assert_array_equal(forecast, again)
    assert _mae(windows, forecast) < _mae(windows, persistence(windows, rows))


def test_the_study_tells_what_was_chosen_and_leaves_the_forecasts(tmp_path: Path) -> None:
    windows = two_pumps()
    stump = replace(TINY, name="stump", leaves=2, learning_rate=1e-6)
    text = study(windows, [stump, TINY], tmp_path)
    assert f"Chosen: {TINY.name}" in text
    assert "| MAE AT 60 min |" in text
    forecasts, _ = read_forecasts(tmp_path / "test_forecasts")
    np.testing.assert_array_equal(forecasts.rows, windows.origins[Split.test].rows)


def _mae(windows: WindowedSeries, forecast: np.ndarray) -> float:
    targets = windows.targets(windows.origins[Split.test].rows)
    mae = error_sums(forecast, *targets).mae(1, windows.horizon)
    assert mae is not None
    return mae
