"""The past of a wearer goes on from segment to segment and from split to split, and is nobody else's."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import FEATURES, PAST_FEATURES, PAST_KNOWN, RECORDS_PER_DAY, Feature, Split
from bloodtwin_core.records.past import WearerPast, past_after
from bloodtwin_core.windows import WindowedSeries, window_series
from bloodtwin_core.windows.of_pump import windows_of_pump, with_latest_days
from bloodtwin_core.windows.past import as_read_by, with_past
from bloodtwin_core.windows.storage import fingerprint_of, read_windows, write_windows
from tests.core.tiny import TINY_DATA, tiny_splits, tiny_windows

COUNT = 16 * RECORDS_PER_DAY
EIGHT = len(FEATURES)


@pytest.fixture(scope="module")
def plain() -> WindowedSeries:
    return tiny_windows(pumps=2, count=COUNT)[0]


@pytest.fixture(scope="module")
def told(plain: WindowedSeries) -> WindowedSeries:
    return with_past(plain)


def known(windows: WindowedSeries) -> np.ndarray:
    return windows.series[:, windows.features.index(PAST_KNOWN)] == 1


def test_a_test_day_goes_on_from_the_days_before_it(plain: WindowedSeries, told: WindowedSeries) -> None:
    assert told.features == (*FEATURES, *PAST_FEATURES)
    np.testing.assert_array_equal(told.series[:, :EIGHT], plain.series)
    for pump in ("pump0", "pump1"):
        rows = np.concatenate([np.arange(s.start, s.stop) for s in plain.segments if s.pump_id == pump])
        order = rows[np.argsort(plain.timestamps[rows])]
        alone, _ = past_after(WearerPast(), plain.timestamps[order], plain.series[order])
        np.testing.assert_allclose(told.series[order, EIGHT:], alone, rtol=1e-5)
    assert known(told)[told.origins[Split.test].rows].all()
    assert not known(told)[: 7 * RECORDS_PER_DAY].any()


def test_windows_are_read_with_the_past_or_without_as_a_networks_features_say(
    plain: WindowedSeries, told: WindowedSeries
) -> None:
    for windows in (plain, told):
        assert as_read_by(windows, windows.features) is windows, "nothing is computed anew"
    np.testing.assert_array_equal(as_read_by(plain, told.features).series, told.series)
    without = as_read_by(told, FEATURES)
    assert without.features == FEATURES
    np.testing.assert_array_equal(without.series, plain.series)


def test_nothing_of_a_test_day_reaches_the_days_before(plain: WindowedSeries, told: WindowedSeries) -> None:
    changed = plain.series.copy()
    tested = np.concatenate([np.arange(s.start, s.stop) for s in plain.segments_of(Split.test)])
    changed[tested, Feature.bg.column] = 300.0
    others = with_past(dataclasses.replace(plain, series=changed))
    before = np.setdiff1d(np.arange(len(changed)), tested)
    np.testing.assert_array_equal(others.series[before], told.series[before])


def test_the_order_of_the_splits_does_not_matter() -> None:
    splits = tiny_splits(pumps=1, count=COUNT)
    scaler = tiny_windows()[1].with_past()
    first = window_series(splits, scaler, TINY_DATA)
    last = window_series(splits[::-1], scaler, TINY_DATA)
    rows = np.argsort(last.timestamps)
    np.testing.assert_array_equal(last.series[rows], first.series)


def test_the_scaler_of_a_network_that_reads_the_past_asks_for_it(told: WindowedSeries) -> None:
    scaler = tiny_windows(pumps=2, count=COUNT)[1]
    with_scales = scaler.with_past()
    windows = window_series(tiny_splits(pumps=2, count=COUNT), with_scales, TINY_DATA)
    np.testing.assert_array_equal(windows.series, told.series)
    assert (with_scales.columns, with_scales.with_past()) == (told.features, with_scales)
    assert with_scales.scale[:EIGHT] == scaler.scale
    scaled = (told.series - with_scales.centre) / with_scales.scale
    assert np.nanmax(np.abs(scaled[:, EIGHT:])) < 10


def test_in_a_history_cut_short_nothing_is_known_of_the_days_before(told: WindowedSeries) -> None:
    recent = with_latest_days(windows_of_pump(told, "pump1"), 3, 24, 0.25, 0.5)
    learnt = recent.origins[Split.train].rows
    assert not known(recent)[learnt].any()
    assert not known(recent)[recent.origins[Split.validate].rows].any()
    assert not known(recent)[recent.origins[Split.test].rows].any()
    assert known(told)[told.origins[Split.validate].rows].any()
    assert known(told)[told.origins[Split.test].rows].any()


def test_files_of_a_pump_that_overlap_are_refused_with_pump_and_time() -> None:
    (train, first), (validate, second), (test, third) = tiny_splits(pumps=1, count=COUNT)
    for again in (first.rows(len(first) - 50, len(first)), second, third.rows(100, 200)):
        splits = [(train, first), (validate, second), (test, third), (train, again)]
        plain = window_series(splits, tiny_windows()[1], TINY_DATA)
        with pytest.raises(DataError, match=r"pump pump0: the record at 2024-01-.*Split the pump's history in time"):
            with_past(plain)


def test_windows_with_a_past_are_stored_as_processes_that_share_a_training_read_them(
    plain: WindowedSeries, told: WindowedSeries, tmp_path: Path
) -> None:
    write_windows(tmp_path / "windows", told, "raw")
    read, _ = read_windows(tmp_path / "windows")
    assert read.features == told.features
    np.testing.assert_array_equal(read.series, told.series)
    assert fingerprint_of(told) != fingerprint_of(plain)
