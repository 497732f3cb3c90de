from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError, StorageError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import FEATURES, RECORD_INTERVAL, Feature, PumpRecords, Split
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.records.splitting import held_out_in_fold, split_in_time, without_long_gaps, write_split_files
from tests.core.tiny import tiny_records


def history(count: int, pump_id: str = "1") -> PumpRecords:
    times = np.datetime64("2024-03-01T00:00:00", "s") + np.arange(count) * np.timedelta64(300, "s")
    return PumpRecords(pump_id, times, np.arange(count * len(FEATURES), dtype=np.float32).reshape(count, len(FEATURES)))


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@settings(deadline=None)
@given(count=st.integers(20, 3000), train=st.floats(0.1, 0.8), validate=st.floats(0.1, 0.19))
def test_the_splits_are_the_whole_history_in_time_order(count: int, train: float, validate: float) -> None:
    whole = history(count)
    parts = split_in_time(whole, DataSettings(train_fraction=train, validate_fraction=validate))
    assert list(parts) == list(Split)
    np.testing.assert_array_equal(np.concatenate([part.timestamps for part in parts.values()]), whole.timestamps)
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts.values()]), whole.values)
    assert abs(len(parts[Split.train]) - train * count) <= 0.5
    assert abs(len(parts[Split.validate]) - validate * count) <= 1


def test_seventy_fifteen_fifteen_by_default() -> None:
    assert [len(part) for part in split_in_time(history(1000), DataSettings()).values()] == [700, 150, 150]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_history_too_short_to_split_is_refused(count: int) -> None:
    with pytest.raises(DataError, match=f"pump 1 has {count} records"):
        split_in_time(history(count), DataSettings())


def test_each_history_is_written_in_three_files_that_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "splits"
    written = write_split_files([history(100, "1"), history(40, "2")], DataSettings(), folder, notes="made for a test")
    assert [pump.pump_id for pump in written] == ["1", "2"]
    lengths = {pump.pump_id: [len(read_split_file(path).records) for path in pump.files.values()] for pump in written}
    assert lengths == {"1": [70, 15, 15], "2": [28, 6, 6]}
    assert len({path.stem.split("_")[-1] for path in written[0].files.values()}) == 1
    assert read_split_file(written[0].files[Split.test]).header.notes == "made for a test"


def test_the_same_histories_give_the_same_bytes(tmp_path: Path) -> None:
    write_split_files([history(100)], DataSettings(), tmp_path / "a")
    write_split_files([history(100)], DataSettings(), tmp_path / "b")
    assert snapshot(tmp_path / "a") == snapshot(tmp_path / "b")


def test_files_of_an_earlier_longer_history_do_not_stay(tmp_path: Path) -> None:
    folder = tmp_path / "splits"
    write_split_files([history(1000, "1"), history(100, "2")], DataSettings(), folder)
    written = write_split_files([history(100, "1")], DataSettings(), folder)
    assert sorted(snapshot(folder)) == sorted(str(path.relative_to(folder)) for path in written[0].files.values())


def test_a_source_that_fails_half_way_loses_nothing_that_stood(tmp_path: Path) -> None:
    def failing() -> Iterator[PumpRecords]:
        yield history(200)
        raise DataError("a row is broken", todo="mend it")

    write_split_files([history(100)], DataSettings(), tmp_path / "splits")
    before = snapshot(tmp_path)
    with pytest.raises(DataError, match="a row is broken"):
        write_split_files(failing(), DataSettings(), tmp_path / "splits")
    with pytest.raises(DataError, match="no pump"):
        write_split_files([], DataSettings(), tmp_path / "splits")
    assert snapshot(tmp_path) == before


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"diary\.txt"):
        write_split_files([history(100)], DataSettings(), tmp_path)
    assert snapshot(tmp_path) == {"diary.txt": b"mine"}


@settings(deadline=None)
@given(
    gaps=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300)), max_size=4),
    max_gap_hours=st.sampled_from([1.0, 5.0, 15.0]),
)
def test_no_gap_longer_than_allowed_stays_inside_a_segment(gaps: list[tuple[int, int]], max_gap_hours: float) -> None:
    records = tiny_records(count=1000, missing=0.0)
    for start, length in gaps:
        records.values[start : start + length, Feature.bg.column] = np.nan
        records.values[start : start + length, Feature.bg_missing_flag.column] = 1
    kept = without_long_gaps(records, max_gap_hours)
    measured = records.feature(Feature.bg_missing_flag) == 0
    assert (kept.feature(Feature.bg_missing_flag) == 0).sum() == measured.sum(), "no reading is lost"
    for segment in np.split(np.arange(len(kept)), np.flatnonzero(np.diff(kept.timestamps) != RECORD_INTERVAL) + 1):
        missing = kept.feature(Feature.bg_missing_flag)[segment] == 1
        longest = max((len(list(run)) for flag, run in groupby(missing) if flag), default=0)
        assert longest * 5 / 60 <= max_gap_hours


@given(pumps=st.sets(st.integers(1, 99).map(str), min_size=1, max_size=30), folds=st.integers(1, 6))
def test_every_pump_is_held_out_in_exactly_one_fold(pumps: set[str], folds: int) -> None:
    held = [held_out_in_fold(sorted(pumps), fold, folds) for fold in range(1, folds + 1)]
    assert sorted(pump for fold in held for pump in fold) == sorted(pumps)
    assert max(map(len, held)) - min(map(len, held)) <= 1
    with pytest.raises(ValueError, match=f"folds 1 to {folds}"):
        held_out_in_fold(sorted(pumps), folds + 1, folds)
