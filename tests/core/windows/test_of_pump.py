"""The windows of one pump, and of its latest days: nothing of another pump, nothing of the future."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.evaluation.metrics import error_sums
from bloodtwin_core.evaluation.testing import errors_on, forecast_windows
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.records import RECORDS_PER_DAY, Split
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.of_pump import origins_of, windows_of_pump, with_latest_days
from tests.core.tiny import TINY_MODEL, tiny_windows

DAYS_OF_RECORDS = 8 * RECORDS_PER_DAY


@pytest.fixture(scope="module")
def windows() -> WindowedSeries:
    return tiny_windows(pumps=3)[0]


@pytest.fixture(scope="module")
def long() -> WindowedSeries:
    return windows_of_pump(tiny_windows(pumps=2, count=DAYS_OF_RECORDS)[0], "pump1")


def test_every_window_belongs_to_one_pump_only(windows: WindowedSeries) -> None:
    parts = [windows_of_pump(windows, pump) for pump in ("pump0", "pump1", "pump2")]
    for split in Split:
        together = np.concatenate([part.origins[split].rows for part in parts])
        np.testing.assert_array_equal(together, windows.origins[split].rows)
        for pump, part in zip(("pump0", "pump1", "pump2"), parts, strict=True):
            assert set(windows.pump_of(part.origins[split].rows)) == {pump}
            assert len(part.origins[split].complete) == len(part.origins[split].rows)


def test_a_pump_that_is_not_there_has_no_window(windows: WindowedSeries) -> None:
    assert not any(len(origins) for origins in windows_of_pump(windows, "other").origins.values())


@given(days=st.integers(1, 6), lookback=st.integers(2, 40), share=st.floats(0.1, 0.5))
def test_latest_days_see_no_earlier_day_and_no_future(
    long: WindowedSeries, days: int, lookback: int, share: float
) -> None:
    recent = with_latest_days(long, days, lookback, share, 0.5)
    train_end = max(segment.stop for segment in long.segments_of(Split.train))
    learned, judged = recent.origins[Split.train].rows, recent.origins[Split.validate].rows
    begin = train_end - days * RECORDS_PER_DAY
    assert len(learned)
    assert learned.min() - lookback + 1 >= begin, "no record before the days that are there"
    assert len(judged)
    time = recent.timestamps
    assert time[learned.max() + long.horizon] < time[judged.min()], "no target is learned that is judged by"
    assert time[judged.max() + long.horizon] <= long.timestamps[train_end - 1], "nothing of later splits"
    assert recent.measured[np.concatenate([learned, judged])].all()
    places = [row for segment in recent.segments for row in range(segment.start, segment.stop)]
    assert len(places) == len(set(places)), "no row stands in two splits"
    np.testing.assert_array_equal(recent.origins[Split.test].rows, long.origins[Split.test].rows)


def test_more_days_than_there_are_is_all_of_them(long: WindowedSeries) -> None:
    everything = with_latest_days(long, 10_000, 20, 0.25, 0.5)
    first = min(segment.start for segment in everything.segments_of(Split.train))
    assert first == min(segment.start for segment in long.segments_of(Split.train))


def test_errors_are_those_of_window_by_window_forecasts(windows: WindowedSeries) -> None:
    forecaster = GlucoseForecaster(TINY_MODEL, windows.horizon, tiny_windows(pumps=3)[1], windows.lookback).eval()
    for complete in (False, True):
        rows = origins_of(windows, Split.test, complete)
        errors = errors_on(forecaster, windows, Split.test, complete=complete)
        alone = error_sums(forecast_windows(forecaster, windows, rows, 64, "cpu"), *windows.targets(rows))
        assert errors.windows == alone.windows == len(rows)
        assert errors.mae(1, windows.horizon) == pytest.approx(alone.mae(1, windows.horizon), abs=0.5)


def test_errors_on_latest_days_count_every_window_once(long: WindowedSeries) -> None:
    recent = with_latest_days(long, 3, 20, 0.25, 0.5)
    forecaster = GlucoseForecaster(TINY_MODEL, long.horizon, tiny_windows(pumps=2)[1], long.lookback).eval()
    for split in Split:
        assert errors_on(forecaster, recent, split).windows == len(recent.origins[split])


def test_no_window_has_no_error(windows: WindowedSeries) -> None:
    forecaster = GlucoseForecaster(TINY_MODEL, windows.horizon, tiny_windows(pumps=3)[1], windows.lookback).eval()
    assert errors_on(forecaster, windows_of_pump(windows, "other"), Split.test).mae(1, windows.horizon) is None
