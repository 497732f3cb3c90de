"""The table of features: the contract's eight come first, whatever else a run asks for stands behind them."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.preparing import SPLIT_FILES, list_split_files
from bloodtwin_core.records import (
    CARBOHYDRATES,
    FEATURE_TABLE,
    FEATURES,
    RECORD_INTERVAL,
    Feature,
    PumpRecords,
    Split,
    features_with,
    known_features,
    records_from_signals,
)
from bloodtwin_core.records.checks.findings import CheckName
from bloodtwin_core.records.checks.values import value_limits
from bloodtwin_core.records.filling import fill_from_the_past
from bloodtwin_core.records.raw_splits import describe, load_splits
from bloodtwin_core.records.split_files import PumpSplitFiles, read_split_file, write_split_file
from bloodtwin_core.records.splitting import write_split_files

NINE = (*FEATURES, CARBOHYDRATES)
GRAMS = [0.0, 45.5, np.nan, 20.0]
CONTRACT = (
    "bg", "delta_bg", "basal_rate", "bolus_dose", "sin_time", "cos_time", "bg_clip_flag", "bg_missing_flag"
)  # fmt: skip


def records(grams: list[float] | None = None, pump_id: str = "a") -> PumpRecords:
    count = len(GRAMS if grams is None else grams)
    times = np.datetime64("2024-03-01T00:00:00", "s") + np.arange(count) * RECORD_INTERVAL
    extra = None if grams is None else {CARBOHYDRATES: np.array(grams)}
    return records_from_signals(pump_id, times, np.arange(count) + 100.0, np.ones(count), np.zeros(count), extra)


def test_the_eight_of_the_contract_come_first_and_are_the_default() -> None:
    assert FEATURES == CONTRACT
    assert tuple(FEATURE_TABLE)[:8] == CONTRACT
    assert features_with([]) == FEATURES == records().features
    assert features_with(["carbohydrates"]) == NINE


@pytest.mark.parametrize("asked", ["carbs", "bg"])
def test_a_feature_that_is_no_extra_one_is_refused_before_a_source_is_read(asked: str, tmp_path: Path) -> None:
    settings = DataSettings(extra_features=["carbohydrates", asked])
    with pytest.raises(SettingsError, match=rf"data\.extra_features names {asked}.*Choose among carbohydrates"):
        list_split_files(settings, tmp_path / SPLIT_FILES, tmp_path)
    assert not (tmp_path / SPLIT_FILES).exists()


def test_a_stated_list_of_features_is_known_or_refused() -> None:
    assert known_features([*CONTRACT]) == FEATURES
    assert known_features([*CONTRACT, "carbohydrates"]) == NINE
    with pytest.raises(ValueError, match="do not begin with"):
        known_features(["bg"])
    with pytest.raises(ValueError, match="does not know: heart_rate"):
        known_features([*CONTRACT, "heart_rate"])


def test_unknown_carbohydrates_are_not_none_and_are_never_carried_forward() -> None:
    made = records(GRAMS)
    np.testing.assert_array_equal(made.feature(CARBOHYDRATES), np.float32(GRAMS))
    usual = dict.fromkeys(NINE, 1.0)
    filled = fill_from_the_past(made.values, usual, made.features)
    np.testing.assert_array_equal(filled[:, 8], np.float32(GRAMS))
    np.testing.assert_array_equal(filled[:, :8], fill_from_the_past(records().values, usual))


def test_records_take_and_leave_features_as_asked() -> None:
    with_grams, without = records(GRAMS), records()
    np.testing.assert_array_equal(with_grams.with_features(FEATURES).values, without.values)
    widened = without.with_features(NINE)
    assert widened.features == NINE
    assert np.isnan(widened.feature(CARBOHYDRATES)).all()
    assert with_grams.rows(1, 3).feature(CARBOHYDRATES).tolist()[0] == 45.5
    with pytest.raises(ValueError, match="carbohydrates"):
        without.feature(CARBOHYDRATES)


def test_the_column_is_appended_last_and_read_back_bit_for_bit(tmp_path: Path) -> None:
    path = write_split_file(tmp_path, records(GRAMS), Split.train)
    lines = path.read_text().splitlines()
    header = next(line for line in lines if line.startswith("timestamp,"))
    assert header == ",".join(["timestamp", *CONTRACT, "carbohydrates"])
    assert f"# columns: {header}" in lines
    assert [line.rsplit(",", 1)[1] for line in lines[-4:]] == ["0.0", "45.5", "", "20.0"]
    np.testing.assert_array_equal(read_split_file(path, NINE).records.values, records(GRAMS).values)


def test_a_file_with_the_column_is_read_as_before_where_nobody_asks(tmp_path: Path) -> None:
    path = write_split_file(tmp_path, records(GRAMS), Split.train)
    path.write_text(path.read_text().replace(",45.5\n", ",a lot\n"))
    read = read_split_file(path)
    assert read.records.features == FEATURES
    np.testing.assert_array_equal(read.records.values, records().values)


def test_of_a_file_without_the_column_nothing_is_known(tmp_path: Path) -> None:
    path = write_split_file(tmp_path, records(), Split.train)
    read = read_split_file(path, NINE).records
    assert np.isnan(read.feature(CARBOHYDRATES)).all()
    np.testing.assert_array_equal(read.values[:, :8], records().values)


def test_a_run_reads_what_it_asks_for_and_its_fingerprint_says_so(tmp_path: Path) -> None:
    path = write_split_file(tmp_path, records(GRAMS), Split.train)
    pumps = [PumpSplitFiles("a", {Split.train: path})]
    plain = describe("bloodbank", pumps, tmp_path)
    asked = describe("bloodbank", pumps, tmp_path, extra_features=["carbohydrates"])
    assert load_splits(plain, tmp_path)[0].records.features == FEATURES
    assert load_splits(asked, tmp_path)[0].records.features == NINE
    assert plain.fingerprint != asked.fingerprint
    assert describe("bloodbank", pumps, tmp_path, extra_features=[]).fingerprint == plain.fingerprint


def test_whole_histories_are_written_with_what_is_asked_for_alone(tmp_path: Path) -> None:
    grams = [float(place % 7) for place in range(100)]
    for asked in ([], ["carbohydrates"]):
        (pump,) = write_split_files([records(grams)], DataSettings(extra_features=asked), tmp_path / str(len(asked)))
        header = next(line for line in pump.files[Split.test].read_text().splitlines() if line[0] != "#")
        assert header.endswith(",carbohydrates") is bool(asked)


def test_carbohydrates_outside_their_limits_are_found(tmp_path: Path) -> None:
    path = write_split_file(tmp_path, records(GRAMS), Split.train)
    path.write_text(path.read_text().replace(",45.5\n", ",-3\n").replace(",20.0\n", ",1200\n"))
    (found,) = value_limits(read_split_file(path, NINE))
    assert (found.check, found.column, found.how_much) == (CheckName.value_limits, "carbohydrates", "2 records")
    assert "carbohydrates is -3, not within 0 to 999 (g)" in found.message
    assert not list(value_limits(read_split_file(path)))


def test_signals_are_clipped_to_the_limits_of_their_feature() -> None:
    assert records([2000.0, 5.0]).feature(CARBOHYDRATES).tolist() == [999.0, 5.0]
    assert Feature.bg_missing_flag.column == 7
