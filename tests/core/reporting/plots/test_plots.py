"""Pictures: small transparent PNGs, also of histories that are short, gappy or forecast less than an hour."""

import re
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.figure import Figure
from PIL import Image

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.day import ForecastDay, forecast_day
from bloodtwin_core.evaluation.forecasts import ForecastFunction, without_uncertainty
from bloodtwin_core.records import RECORD_INTERVAL, Split
from bloodtwin_core.reporting.plots import error_by_horizon, forecasts_over_a_day, learning_curve
from bloodtwin_core.reporting.plots.alarms import AlarmPoint, trade_off_figure
from bloodtwin_core.reporting.plots.canvas import PAGE_COLOURS, inline_svg, new_figure, small_png
from bloodtwin_core.reporting.plots.days import day_figure
from bloodtwin_core.reporting.plots.errors import GroupError, groups_figure
from bloodtwin_core.reporting.plots.grids import grid_figure
from bloodtwin_core.reporting.plots.uncertainty import calibration_figure, coverage_figure, disagreement_figure
from bloodtwin_core.windows import WindowedSeries
from tests.core.evaluation.hand_made import evaluate, two_pumps, wandering, windows_of

INLINE_BYTES = 80_000


@dataclass
class Epoch:
    epoch: int
    train_loss: float
    val_mae: float
    learning_rate: float


def still(windows: WindowedSeries) -> ForecastFunction:
    return without_uncertainty(lambda rows: persistence(windows, rows))


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
    results = evaluate(windows, still(windows), EvaluationSettings())
    assert_small_and_transparent(error_by_horizon(results.complete, EvaluationSettings()))


def test_the_error_by_horizon_without_any_window():
    gaps = wandering(90, 3)
    gaps[4::7] = np.nan
    windows = windows_of({"a": {Split.train: wandering(90, 1), Split.validate: wandering(90, 2), Split.test: gaps}})
    results = evaluate(windows, still(windows), EvaluationSettings())
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


def quarters(reference: npt.NDArray[np.floating], forecast: npt.NDArray[np.floating]) -> npt.NDArray[np.int8]:
    """A made error grid: A where both are on one side of 200 mg/dL, else E."""
    return np.where((reference < 200) == (forecast < 200), 0, 4).astype(np.int8)


def every_figure() -> dict[str, Figure]:
    steps = np.linspace(0.1, 0.9, 12)
    readings = np.random.default_rng(1).uniform(40, 500, (2, 3000))
    points = [AlarmPoint(f"{level} %", level / 100, level / 20, named=True) for level in (5, 50, 90)]
    return {
        "groups": groups_figure("Groups", [GroupError("low", 20.0, 25.0), GroupError("high", None, None)], 60),
        "grid": grid_figure("Grid", readings[0], readings[1], quarters, {"A": 0.5, "E": 0.5}),
        "calibration": calibration_figure("Calibration", [0.1, 0.5, 0.9], {30: steps[:3], 60: np.full(3, np.nan)}),
        "coverage": coverage_figure("Coverage", list(range(5, 65, 5)), {80: steps, 90: steps}, (0.78, 0.82)),
        "alarms": trade_off_figure("Alarms", "Lows", {"Model": points, "Ridge": []}),
        "disagreement": disagreement_figure("Disagreement", 60, steps, steps),
        "day": day_figure(day_of(two_pumps()), "Day"),
    }


@pytest.mark.parametrize("name", ["groups", "grid", "calibration", "coverage", "alarms", "disagreement", "day"])
def test_every_figure_is_small_and_takes_all_colours_from_the_page(name: str):
    figure = every_figure()[name]
    assert_small_and_transparent(small_png(figure))
    svg = inline_svg(figure, name, "What is to be <seen>")
    assert svg.startswith('<svg role="img" aria-label="What is to be &lt;seen&gt;"')
    assert len(svg) < 2 * INLINE_BYTES
    assert not [colour for colour in PAGE_COLOURS if f": {colour}" in svg]
    assert "font-family" not in svg


def test_pictures_of_one_page_share_no_id():
    first, second = (inline_svg(every_figure()["groups"], name, "x") for name in ("first", "second"))
    assert set(re.findall(r'id="([^"]+)"', first)).isdisjoint(re.findall(r'id="([^"]+)"', second))


def test_text_in_a_picture_stays_text():
    figure, _ = new_figure("a < b & c", "x", "y")
    assert "a &lt; b &amp; c" in inline_svg(figure, "text", "x")


def test_the_band_of_a_day_is_drawn_where_there_is_one():
    day = day_of(two_pumps())
    band = np.stack([day.forecasts - 10, day.forecasts + 10], axis=-1)
    assert "80 % band" in inline_svg(day_figure(replace(day, band=band), "Day"), "day", "x")
    assert "80 % band" not in inline_svg(day_figure(day, "Day"), "day", "x")
