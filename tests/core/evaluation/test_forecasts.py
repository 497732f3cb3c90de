"""Test forecasts: every window once, in order; written batch by batch and read back the same."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_baselines, persistence
from bloodtwin_core.evaluation.forecasts import (
    ForecastFunction,
    TestForecasts,
    WindowForecasts,
    join,
    without_uncertainty,
)
from bloodtwin_core.evaluation.forecasts_files import ForecastsIndex, read_forecasts, write_forecasts
from bloodtwin_core.evaluation.testing import forecast_batches
from bloodtwin_core.records import Feature, Rows, Split
from tests.core.evaluation.hand_made import TESTED, two_pumps

SETTINGS = EvaluationSettings(batch_size=7)
WINDOWS = two_pumps()
ORIGINS = WINDOWS.origins[Split.test]
BASELINES = fit_baselines(WINDOWS, SETTINGS)


def uncertain(rows: Rows) -> WindowForecasts:
    forecast = persistence(WINDOWS, rows) + np.float32(1)
    return WindowForecasts(forecast, np.repeat(forecast[:, :, None], 7, axis=2), np.zeros_like(forecast))


def batches(forecast: ForecastFunction = uncertain) -> Iterator[TestForecasts]:
    return forecast_batches(WINDOWS, forecast, BASELINES, SETTINGS)


def index(windows: int) -> ForecastsIndex:
    fits = {name: baseline.fit for name, baseline in BASELINES.items()}
    return ForecastsIndex(
        tested=TESTED, baselines=fits, pumps=("a", "b"), windows=windows, lookback=WINDOWS.lookback, horizon=12
    )


def test_every_window_is_forecast_once_in_order() -> None:
    found = join(list(batches()))
    np.testing.assert_array_equal(found.rows, ORIGINS.rows)
    np.testing.assert_array_equal(found.complete, ORIGINS.complete)
    np.testing.assert_array_equal(found.pump, WINDOWS.pump_of(ORIGINS.rows))
    np.testing.assert_array_equal(found.timestamp, WINDOWS.timestamps[ORIGINS.rows])
    np.testing.assert_array_equal(found.last, WINDOWS.series[ORIGINS.rows, Feature.bg.column])
    target, measured = WINDOWS.targets(ORIGINS.rows)
    np.testing.assert_array_equal(found.target, target)
    np.testing.assert_array_equal(found.measured, measured)
    np.testing.assert_array_equal(found.beside["persistence"], persistence(WINDOWS, ORIGINS.rows))
    ridge = BASELINES["ridge"].predict(WINDOWS, ORIGINS.rows)
    np.testing.assert_allclose(found.beside["ridge"], ridge, atol=1e-3)
    np.testing.assert_array_equal(found.model, found.beside["persistence"] + np.float32(1))
    assert (len(found), found.horizon) == (len(ORIGINS), 12)


@pytest.mark.parametrize("forecast", [uncertain, without_uncertainty(lambda rows: persistence(WINDOWS, rows))])
def test_what_was_written_is_read_back(forecast: ForecastFunction, tmp_path: Path) -> None:
    write_forecasts(tmp_path / "made", batches(forecast), index(len(ORIGINS)))
    read, found = read_forecasts(tmp_path / "made")
    assert found == index(len(ORIGINS))
    expected = join(list(batches(forecast)))
    assert set(read.arrays) == set(expected.arrays)
    for name, array in expected.arrays.items():
        assert read.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(read.arrays[name], array)


def test_uncertainty_that_is_not_there_any_more_does_not_stay_behind(tmp_path: Path) -> None:
    write_forecasts(tmp_path / "made", batches(), index(len(ORIGINS)))
    certain = without_uncertainty(lambda rows: persistence(WINDOWS, rows))
    write_forecasts(tmp_path / "made", batches(certain), index(len(ORIGINS)))
    assert read_forecasts(tmp_path / "made")[0].quantiles is None


def test_a_broken_write_keeps_what_stood_there(tmp_path: Path) -> None:
    write_forecasts(tmp_path / "made", batches(), index(len(ORIGINS)))
    before = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    with pytest.raises(ValueError, match=f"{len(ORIGINS) + 1} windows were to be written, but there were"):
        write_forecasts(tmp_path / "made", batches(), index(len(ORIGINS) + 1))
    assert {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()} == before
    assert list(tmp_path.iterdir()) == [tmp_path / "made"]


@pytest.mark.parametrize("damaged", ["forecasts.json", "model.npy", "rows.npy"])
def test_a_missing_or_cut_file_is_said(damaged: str, tmp_path: Path) -> None:
    write_forecasts(tmp_path / "made", batches(), index(len(ORIGINS)))
    path = tmp_path / "made" / damaged
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ArtifactMissing, match=r"made is not there or damaged.*Materialize test_results first"):
        read_forecasts(tmp_path / "made")
    path.unlink()
    with pytest.raises(ArtifactMissing, match=r"made is not there or damaged.*Materialize test_results first"):
        read_forecasts(tmp_path / "made")


def test_the_windows_of_some_pumps_and_some_origins() -> None:
    found = join(list(batches()))
    of_b = found.only(["b"])
    assert set(of_b.pump) == {"b"}
    assert len(of_b) + len(found.only(["a"])) == len(found)
    np.testing.assert_array_equal(found.predict(of_b.rows[3:5]), of_b.model[3:5])
    np.testing.assert_array_equal(found.take(slice(3, 5)).target, found.target[3:5])


def test_origins_that_were_not_tested_are_said() -> None:
    found = join(list(batches()))
    for rows in (found.rows[-1:] + 1, found.rows[:1] - 1):
        with pytest.raises(SettingsError, match="no test windows of this run"):
            found.predict(rows)
