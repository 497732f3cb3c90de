"""AR2 is the one of Nightscout: two readings, its coefficients, its limits, from the time of the last reading."""

import numpy as np
import pytest

from bloodtwin_core.evaluation.baselines import ar2, persistence
from bloodtwin_core.records import Split
from bloodtwin_core.windows import WindowedSeries
from tests.core.evaluation.hand_made import wandering, windows_of


def ending_in(glucose: list[float], horizon: int = 12) -> tuple[WindowedSeries, np.ndarray]:
    """Windows, and the origin whose last records have this glucose; NaN is a gap."""
    readings = np.concatenate([np.full(30, 120.0), glucose, np.full(horizon, 120.0)])
    windows = windows_of(
        {"a": {Split.train: wandering(90, 1), Split.validate: wandering(90, 2), Split.test: readings}}, horizon
    )
    return windows, np.array([windows.segments_of(Split.test)[0].start + 29 + len(glucose)])


def by_hand(before: float, last: float, steps: int) -> list[float]:
    """The recursion that Nightscout writes, in logarithms of shares of 140 mg/dL."""
    logs = [np.log(before / 140), np.log(last / 140)]
    for _ in range(steps):
        logs.append(-0.723 * logs[-2] + 1.716 * logs[-1])
    return [140 * float(np.exp(log)) for log in logs[2:]]


def test_it_carries_the_last_two_readings_on() -> None:
    windows, rows = ending_in([150.0, 160.0])
    forecast = ar2(windows, rows)
    assert forecast.dtype == np.float32
    assert forecast.shape == (1, 12)
    np.testing.assert_allclose(forecast[0], by_hand(150.0, 160.0, 12), rtol=1e-6)
    assert forecast[0, 0] == pytest.approx(140 * (160 / 140) ** 1.716 * (150 / 140) ** -0.723, rel=1e-6)


def test_a_longer_horizon_goes_on_the_same_way() -> None:
    windows, rows = ending_in([150.0, 160.0], horizon=24)
    np.testing.assert_allclose(ar2(windows, rows)[0], by_hand(150.0, 160.0, 24), rtol=1e-6)


def test_forecasts_count_from_the_last_reading_and_a_gap_between_the_two_is_bridged_by_a_line() -> None:
    windows, rows = ending_in([150.0, np.nan, 160.0, np.nan, np.nan])
    np.testing.assert_allclose(ar2(windows, rows)[0], by_hand(155.0, 160.0, 14)[2:], rtol=1e-6)


@pytest.mark.parametrize(("last", "limit"), [([220.0, 390.0], 400.0), ([90.0, 40.0], 36.0)])
def test_it_stays_within_nightscouts_limits(last: list[float], limit: float) -> None:
    windows, rows = ending_in(last)
    assert ar2(windows, rows)[0, 1] == limit


@pytest.mark.parametrize("last", [[30.0, 90.0], [90.0, 30.0], [np.nan] * 6, [120.0, *[np.nan] * 5]])
def test_where_nightscout_forecasts_nothing_the_last_reading_stays(last: list[float]) -> None:
    windows, rows = ending_in(last)
    np.testing.assert_array_equal(ar2(windows, rows), persistence(windows, rows))


def test_many_origins_are_forecast_as_each_alone() -> None:
    glucose = wandering(140, 6)
    glucose[[30, 31, 70, 100]] = np.nan
    windows = windows_of(
        {name: {Split.train: wandering(90, 1), Split.validate: wandering(90, 2), Split.test: glucose} for name in "ab"}
    )
    rows = windows.origins[Split.test].rows
    alone = np.concatenate([ar2(windows, np.array([row])) for row in rows])
    np.testing.assert_array_equal(ar2(windows, rows), alone)
    assert ar2(windows, rows[:0]).shape == (0, 12)
