"""Pictures: small transparent PNGs, also of histories that are short, gappy or forecast less than an hour."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.errors import SettingsError
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.day import ForecastDay, forecast_day
from bloodtwin_core.evaluation.plots import error_by_horizon, forecasts_over_a_day, learning_curve
from bloodtwin_core.evaluation.testing import evaluate
from bloodtwin_core.records import RECORD_INTERVAL, Split
from bloodtwin_core.windows import WindowedSeries
from tests.core.evaluation.hand_made import TESTED, two_pumps, wandering, windows_of

INLINE_BYTES = 80_000


@dataclass
class Epoch:
    epoch: int
    train_loss: float
    val_mae: float
    learning_rate: float


def day_of(windows: WindowedSeries, pump_id: str | None = None) -> ForecastDay:
    return forecast_day(windows, lambda rows: persistence(windows, rows), pump_id)


def assert_small_and_transparent(png: bytes) -> None:
    picture = Image.open(BytesIO(png)).convert("RGBA")
    alpha = np.asarray(picture)[..., 3]
    assert picture.format is None
    assert len(png) < INLINE_BYTES
    assert alpha[0, 0] == 0
    assert (alpha > 0).mean() > 0.005


@pytest.mark.parametrize("epochs", [0, 1, 40])
def test_a_learning_curve_of_any_length(epochs: int):
    assert_small_and_transparent(
        learning_curve([Epoch(e, 20 - e / 10, 21 - e / 20, 0.5 ** (e // 9)) for e in range(epochs)])
    )


def test_the_learning_curve_marks_what_happened():
    def curve(rates: list[float]) -> bytes:
        return learning_curve([Epoch(place, 15, 16, rate) for place, rate in enumerate(rates)])

    assert curve([1e-3, 1e-3, 5e-4]) != curve([1e-3, 1e-3, 1e-3])


@pytest.mark.parametrize("horizon", [3, 6, 12])
def test_the_error_by_horizon_of_any_horizon(horizon: int):
    windows = two_pumps(horizon)
    results = evaluate(windows, lambda rows: persistence(windows, rows), EvaluationSettings(), TESTED)
    assert_small_and_transparent(error_by_horizon(results.complete, EvaluationSettings()))


def test_the_error_by_horizon_without_any_window():
    gaps = wandering(90, 3)
    gaps[4::7] = np.nan
    windows = windows_of({"a": {Split.train: wandering(90, 1), Split.validate: wandering(90, 2), Split.test: gaps}})
    results = evaluate(windows, lambda rows: persistence(windows, rows), EvaluationSettings(), TESTED)
    assert_small_and_transparent(error_by_horizon(results.complete, EvaluationSettings()))


@pytest.mark.parametrize("horizon", [3, 12, 24])
def test_a_day_of_any_horizon(horizon: int):
    assert_small_and_transparent(forecasts_over_a_day(day_of(two_pumps(horizon))))


def test_a_full_day_stays_small_enough_for_a_page():
    noisy = {split: 150 + np.random.default_rng(1).normal(0, 40, 700) for split in Split}
    assert_small_and_transparent(forecasts_over_a_day(day_of(windows_of({"a": noisy}))))


def test_the_day_is_the_best_measured_one_of_all_pumps_and_the_latest_of_equals():
    long, short = {split: wandering(700, 1) for split in Split}, {split: wandering(200, 2) for split in Split}
    windows = windows_of({"short": short, "long": long})
    day = day_of(windows)
    assert (day.pump_id, day.day) == ("long", np.datetime64("2024-03-02"))
    assert len(day.timestamps) == len(day.origins) == len(day.forecasts) == 288
    assert day_of(windows, "short").pump_id == "short"


def test_the_day_holds_the_test_splits_own_readings_and_no_carried_ones():
    glucose = wandering(120, 3)
    glucose[[40, 41]] = np.nan
    windows = windows_of(
        {"a": {Split.train: wandering(120, 1), Split.validate: wandering(120, 2), Split.test: glucose}}
    )
    day = day_of(windows)
    np.testing.assert_allclose(day.glucose, glucose.astype(np.float32), equal_nan=True)


def test_a_forecast_comes_due_when_it_was_made_for():
    day = day_of(two_pumps())
    due, forecast = day.forecast_at(6)
    assert (due - day.origins == 6 * RECORD_INTERVAL).all()
    np.testing.assert_array_equal(forecast, day.forecasts[:, 5])


def test_a_pump_without_test_windows_is_said():
    with pytest.raises(SettingsError, match="pump z has no test window"):
        day_of(two_pumps(), "z")
