"""Windows never cross a gap, a pump or a split, and say truly what was measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import TooFewWindows
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import (
    CARRIED_BASAL_RECORDS,
    RECORD_INTERVAL,
    RECORD_MINUTES,
    Feature,
    PumpRecords,
    Split,
    records_from_signals,
)
from bloodtwin_core.records.filling import fill_from_the_past
from bloodtwin_core.windows import WindowedSeries, contiguous, evenly_spread, window_series
from bloodtwin_core.windows.scaler import FeatureScaler, fit_scaler
from tests.core.tiny import TINY_DATA, tiny_records, tiny_splits, tiny_windows


@st.composite
def ragged_histories(draw: st.DrawFn) -> list[tuple[Split, PumpRecords]]:
    """Pumps with random gaps in the grid and random missing readings, cut into splits at random places."""
    splits: list[tuple[Split, PumpRecords]] = []
    for pump in range(draw(st.integers(1, 3))):
        seed = draw(st.integers(0, 10_000))
        random = np.random.default_rng(seed)
        count = draw(st.integers(150, 300))
        step = np.where(random.random(count) < draw(st.sampled_from([0.0, 0.01, 0.05])), 200, 1)
        timestamps = np.datetime64("2024-01-01T00:00:00", "s") + np.cumsum(step) * RECORD_INTERVAL
        glucose = random.uniform(60, 300, count)
        glucose[random.random(count) < draw(st.sampled_from([0.0, 0.03, 0.15]))] = np.nan
        records = records_from_signals(f"p{pump}", timestamps, glucose, np.ones(count), np.zeros(count))
        first, second = sorted(draw(st.tuples(st.integers(60, 90), st.integers(95, 130))))
        bounds = {Split.train: (0, first), Split.validate: (first, second), Split.test: (second, count)}
        splits += [(split, records.rows(*bound)) for split, bound in bounds.items()]
    return splits


def cut(splits: list[tuple[Split, PumpRecords]], data: DataSettings) -> WindowedSeries | None:
    try:
        return window_series(splits, fit_scaler([r for s, r in splits if s is Split.train]), data)
    except TooFewWindows:
        return None


@settings(max_examples=60, deadline=None)
@given(ragged_histories())
def test_no_window_crosses_a_gap_a_pump_or_a_split(splits: list[tuple[Split, PumpRecords]]) -> None:
    data = DataSettings(lookback=12, horizon=4)
    windows = cut(splits, data)
    if windows is None:
        return
    truth = {(split, records.pump_id): records for split, records in splits}
    for split, origins in windows.origins.items():
        for row, complete, pump_id in zip(origins.rows, origins.complete, windows.pump_of(origins.rows), strict=True):
            inside = slice(row - data.lookback + 1, row + data.horizon + 1)
            times = windows.timestamps[inside]
            assert len(times) == data.lookback + data.horizon
            assert (np.diff(times) == RECORD_INTERVAL).all()
            records = truth[split, str(pump_id)]
            place = np.searchsorted(records.timestamps, times)
            assert (records.timestamps[place] == times).all(), "every row of the window is in this pump's split"
            measured = records.feature(Feature.bg_missing_flag)[place] == 0
            assert complete == measured.all()
            assert measured[: data.lookback].mean() >= data.min_measured_share
            assert measured[data.lookback - 4 : data.lookback].any(), "the last reading is at most 15 minutes old"
            assert measured[data.lookback :].any()


@settings(max_examples=30, deadline=None)
@given(ragged_histories())
def test_every_allowed_row_is_an_origin(splits: list[tuple[Split, PumpRecords]]) -> None:
    data = DataSettings(lookback=12, horizon=4, min_measured_share=0.0, max_reading_age_minutes=60.0)
    windows = cut(splits, data)
    if windows is None:
        return
    for split, origins in windows.origins.items():
        expected = sum(
            measured[max(0, place - 12) : place + 1].any() and measured[place + 1 : place + 5].any()
            for segment in windows.segments_of(split)
            for measured in [windows.measured[segment.start : segment.stop]]
            for place in range(11, len(measured) - 4)
        )
        assert len(origins) == expected


def test_lookback_ends_at_the_origin_and_targets_follow_it() -> None:
    windows, _ = tiny_windows(missing=0.0)
    rows = windows.origins[Split.test].rows[:3]
    target, measured = windows.targets(rows)
    assert windows.lookbacks(rows).shape == (3, TINY_DATA.lookback, len(Feature))
    np.testing.assert_array_equal(windows.lookbacks(rows)[:, -1], windows.series[rows])
    np.testing.assert_array_equal(target[:, 0], windows.series[rows + 1, 0])
    assert measured.all()


def test_readings_are_carried_forward_and_never_taken_from_the_future() -> None:
    records = tiny_records(count=50, missing=0.0)
    values = records.values.copy()
    values[20:23, Feature.bg.column] = np.nan
    values[20:23, Feature.bg_missing_flag.column] = 1
    filled = fill_from_the_past(values, {"bg": 120.0, "basal_rate": 0.7, "bolus_dose": 0.0})
    assert (filled[20:23, Feature.bg.column] == values[19, Feature.bg.column]).all()
    changed = values.copy()
    changed[30:, Feature.bg.column] = 400
    refilled = fill_from_the_past(changed, {"bg": 120.0, "basal_rate": 0.7, "bolus_dose": 0.0})
    np.testing.assert_array_equal(filled[:30], refilled[:30])


USUAL = {"bg": 120.0, "basal_rate": 0.7, "bolus_dose": 0.0}


@pytest.mark.parametrize("unknown", [1, CARRIED_BASAL_RECORDS, CARRIED_BASAL_RECORDS + 1, CARRIED_BASAL_RECORDS + 50])
def test_an_unknown_basal_rate_is_the_last_known_one_for_a_day_and_then_unknown(unknown: int) -> None:
    values = tiny_records(count=400, missing=0.0).values.copy()
    basal = Feature.basal_rate.column
    values[:5, basal] = np.nan
    values[10 : 10 + unknown, basal] = np.nan
    filled = fill_from_the_past(values, USUAL)[:, basal]
    assert np.isnan(filled[:5]).all(), "before the first known rate nothing stands in, neither the usual rate nor zero"
    carried = min(unknown, CARRIED_BASAL_RECORDS)
    assert (filled[10 : 10 + carried] == values[9, basal]).all()
    assert np.isnan(filled[10 + carried : 10 + unknown]).all()
    np.testing.assert_array_equal(filled[10 + unknown :], values[10 + unknown :, basal])


def test_an_unknown_bolus_stays_unknown() -> None:
    values = tiny_records(count=20, missing=0.0).values.copy()
    bolus = Feature.bolus_dose.column
    values[4, bolus] = 8.0
    values[5:8, bolus] = np.nan
    filled = fill_from_the_past(values, USUAL)
    assert np.isnan(filled[5:8, bolus]).all()
    np.testing.assert_array_equal(filled[8:, bolus], values[8:, bolus])


def test_only_insulin_may_be_unknown_in_the_series() -> None:
    splits = tiny_splits(missing=0.1)
    for _, records in splits:
        records.values[:, [Feature.basal_rate.column, Feature.bolus_dose.column]] = np.nan
    windows = window_series(splits, fit_scaler([r for s, r in splits if s is Split.train]), TINY_DATA)
    unknown = np.isnan(windows.series).any(axis=0)
    assert {feature for feature in Feature if unknown[feature.column]} == {Feature.basal_rate, Feature.bolus_dose}


def test_a_segment_starts_with_a_measured_reading() -> None:
    records = tiny_records(count=30, missing=0.0)
    records.values[:4, Feature.bg.column] = np.nan
    records.values[:4, Feature.bg_missing_flag.column] = 1
    assert [len(part) for part in contiguous(records)] == [26]


def test_a_reading_older_than_allowed_starts_no_forecast() -> None:
    data = DataSettings(lookback=24, horizon=6, max_reading_age_minutes=10, min_measured_share=0.5)
    splits = tiny_splits(pumps=1, missing=0.0)
    records = splits[2][1]
    records.values[50:54, Feature.bg.column] = np.nan
    records.values[50:54, Feature.bg_missing_flag.column] = 1
    windows = cut(splits, data)
    assert windows is not None
    start = windows.segments_of(Split.test)[0].start
    origins = set((windows.origins[Split.test].rows - start).tolist())
    assert 49 + 10 // RECORD_MINUTES in origins
    assert 49 + 10 // RECORD_MINUTES + 1 not in origins


def test_stride_thins_training_origins_only() -> None:
    every, _ = tiny_windows(settings=TINY_DATA)
    third, _ = tiny_windows(settings=TINY_DATA.model_copy(update={"stride": 3}))
    np.testing.assert_array_equal(third.origins[Split.train].rows, every.origins[Split.train].rows[::3])
    np.testing.assert_array_equal(third.origins[Split.test].rows, every.origins[Split.test].rows)


def test_spread_rows_keep_both_ends() -> None:
    assert evenly_spread(np.arange(101), 5).tolist() == [0, 25, 50, 75, 100]
    assert evenly_spread(np.arange(3), 5).tolist() == [0, 1, 2]


def test_a_split_too_short_for_one_window_says_what_is_needed_and_what_there_is() -> None:
    splits = [(split, tiny_records(count=29, missing=0.0)) for split in Split]
    scaler = FeatureScaler(features=list(Feature), centre=[0.0] * 8, scale=[1.0] * 8, records=1)
    with pytest.raises(TooFewWindows, match=r"train split .* needs 30 records .* the longest segment has 29.*history"):
        window_series(splits, scaler, TINY_DATA)
