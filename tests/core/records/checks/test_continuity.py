from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import RECORD_INTERVAL, Feature, PumpRecords, Split, records_from_signals
from bloodtwin_core.records.checks.continuity import CheckName, Finding, Severity, findings, split_findings
from bloodtwin_core.records.split_files import SplitFile, SplitHeader, read_split_file, write_split_file

START = np.datetime64("2024-03-01T00:00:00", "s")
HEADER_LINES = 12
"""Eleven comment lines (no notes) and the column names."""
MAX_GAP_HOURS = 15.0


def healthy(count: int = 400, pump_id: str = "1", start: np.datetime64 = START) -> PumpRecords:
    times = start + np.arange(count) * RECORD_INTERVAL
    glucose = 120 + 40 * np.sin(np.arange(count) / 30)
    return records_from_signals(pump_id, times, glucose, np.full(count, 0.8), np.zeros(count))


def changed(records: PumpRecords, feature: Feature, rows: list[int] | slice, value: float) -> PumpRecords:
    values = records.values.copy()
    values[rows, feature.column] = value
    return replace(records, values=values)


def at_times(records: PumpRecords, rows: list[int] | slice, shift_minutes: int) -> PumpRecords:
    times = records.timestamps.copy()
    times[rows] += np.timedelta64(shift_minutes * 60, "s")
    return replace(records, timestamps=times)


def without_glucose(records: PumpRecords, start: int, stop: int) -> PumpRecords:
    glucose = records.feature(Feature.bg).astype(float)
    glucose[start:stop] = np.nan
    return records_from_signals(
        records.pump_id,
        records.timestamps,
        glucose,
        records.feature(Feature.basal_rate),
        records.feature(Feature.bolus_dose),
    )


def filed(records: PumpRecords, folder: Path, split: Split = Split.train) -> SplitFile:
    return read_split_file(write_split_file(folder, records, split))


def found_in(records: PumpRecords, folder: Path, max_gap_hours: float = MAX_GAP_HOURS) -> list[Finding]:
    return split_findings(filed(records, folder), max_gap_hours)


def only(found: list[Finding], check: CheckName) -> Finding:
    assert [finding.check for finding in found] == [check]
    return found[0]


def test_healthy_records_have_no_finding(tmp_path: Path) -> None:
    assert found_in(healthy(), tmp_path) == []


@settings(max_examples=25, deadline=None)
@given(missing=st.lists(st.integers(0, 399), max_size=60), jump_hours=st.integers(16, 100), cut=st.integers(1, 399))
def test_flagged_holes_and_long_jumps_are_no_findings(
    missing: list[int], jump_hours: int, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = healthy()
    times = whole.timestamps.copy()
    times[cut:] += np.timedelta64(jump_hours * 3600, "s")
    glucose = whole.feature(Feature.bg).astype(float)
    glucose[missing] = np.nan
    records = records_from_signals("1", times, glucose, np.full(400, 0.8), np.zeros(400))
    assert found_in(records, tmp_path_factory.mktemp("split")) == []


def test_unknown_insulin_is_no_finding(tmp_path: Path) -> None:
    records = changed(healthy(), Feature.basal_rate, slice(0, 50), np.nan)
    assert found_in(changed(records, Feature.bolus_dose, [3], np.nan), tmp_path) == []


def test_a_long_run_without_glucose_inside_a_segment_is_a_gap(tmp_path: Path) -> None:
    # From reading 9 to reading 210 it is 201 steps of five minutes, 16.75 h.
    finding = only(found_in(without_glucose(healthy(), 10, 210), tmp_path), CheckName.glucose_gap)
    assert (finding.line, finding.column) == (HEADER_LINES + 11, "bg")
    assert finding.how_much == "1 gap, 16.8 h the longest"
    assert found_in(without_glucose(healthy(), 10, 210), tmp_path, max_gap_hours=16.75) == []


@pytest.mark.parametrize(("start", "stop"), [(0, 200), (200, 400)])
def test_a_long_run_without_glucose_at_a_segments_end_is_a_gap_too(tmp_path: Path, start: int, stop: int) -> None:
    only(found_in(without_glucose(healthy(), start, stop), tmp_path), CheckName.glucose_gap)


def test_a_gap_across_two_segments_is_none(tmp_path: Path) -> None:
    records = without_glucose(at_times(healthy(), slice(200, 400), 16 * 60), 150, 250)
    assert found_in(records, tmp_path) == []


@pytest.mark.parametrize("minutes", [1, 30, 15 * 60 - 5])
def test_a_step_that_is_neither_five_minutes_nor_a_long_gap_breaks_the_cadence(tmp_path: Path, minutes: int) -> None:
    finding = only(
        [f for f in found_in(at_times(healthy(), slice(100, 400), minutes), tmp_path) if f.severity is Severity.error],
        CheckName.cadence,
    )
    assert (finding.line, finding.column, finding.how_much) == (HEADER_LINES + 101, "timestamp", "1 record")


def test_a_repeated_timestamp_is_found_at_its_second_place(tmp_path: Path) -> None:
    records = healthy()
    doubled = replace(
        records,
        timestamps=np.insert(records.timestamps, 7, records.timestamps[6]),
        values=np.insert(records.values, 7, records.values[6], axis=0),
    )
    finding = only(found_in(doubled, tmp_path), CheckName.duplicate_timestamps)
    assert (finding.line, finding.how_much) == (HEADER_LINES + 8, "1 record")


def test_a_timestamp_that_goes_back_is_found(tmp_path: Path) -> None:
    records = healthy()
    order = np.r_[0:10, 11, 10, 12:400]
    swapped = replace(records, timestamps=records.timestamps[order], values=records.values[order])
    found = {finding.check: finding for finding in found_in(swapped, tmp_path)}
    assert found[CheckName.time_order].line == HEADER_LINES + 12
    assert CheckName.duplicate_timestamps not in found


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        (Feature.bg, 601),
        (Feature.bg, 19),
        (Feature.basal_rate, -0.1),
        (Feature.basal_rate, 10.5),
        (Feature.bolus_dose, 26),
        (Feature.sin_time, np.nan),
        (Feature.cos_time, 1.5),
        (Feature.bg_clip_flag, 2),
        (Feature.bg_missing_flag, np.nan),
    ],
)
def test_a_value_outside_its_limits_is_found(tmp_path: Path, feature: Feature, value: float) -> None:
    found = [f for f in found_in(changed(healthy(), feature, [5, 9], value), tmp_path) if f.severity is Severity.error]
    finding = only(found, CheckName.value_limits)
    assert (finding.line, finding.column, finding.how_much) == (HEADER_LINES + 6, feature, "2 records")
    assert f"{value:g}" in finding.what


@pytest.mark.parametrize(
    ("feature", "value", "check"),
    [
        (Feature.bg, np.nan, CheckName.missing_flag),
        (Feature.bg_missing_flag, 1, CheckName.missing_flag),
        (Feature.bg_missing_flag, 0.5, CheckName.missing_flag),
        (Feature.bg_clip_flag, 1, CheckName.clip_flag),
        (Feature.bg_clip_flag, 0.5, CheckName.clip_flag),
    ],
)
def test_a_flag_that_disagrees_with_glucose_is_found(
    tmp_path: Path, feature: Feature, value: float, check: CheckName
) -> None:
    finding = only(found_in(changed(healthy(), feature, [5], value), tmp_path), check)
    assert (finding.severity, finding.line) == (Severity.error, HEADER_LINES + 6)


def test_clipped_glucose_is_no_finding(tmp_path: Path) -> None:
    records = records_from_signals(
        "1", healthy(3).timestamps, np.array([10.0, 700.0, 600.0]), np.full(3, 0.8), np.zeros(3)
    )
    assert records.feature(Feature.bg_clip_flag).tolist() == [1, 1, 0]
    assert found_in(records, tmp_path) == []


def test_local_time_features_are_warnings_and_other_differences_errors(tmp_path: Path) -> None:
    records = at_times(healthy(), slice(None), 60)
    found = found_in(changed(records, Feature.delta_bg, [20], 40), tmp_path)
    assert [finding.check for finding in found] == [CheckName.time_of_day, CheckName.time_of_day, CheckName.delta_bg]
    assert [finding.severity for finding in found] == [Severity.warning, Severity.warning, Severity.error]
    assert found[2].line == HEADER_LINES + 21


def test_rounded_values_are_no_finding(tmp_path: Path) -> None:
    records = healthy()
    assert found_in(replace(records, values=records.values.round(2)), tmp_path) == []
    one_decimal = records.values.copy()
    one_decimal[:, [Feature.bg.column, Feature.delta_bg.column]] = records.values[
        :, [Feature.bg.column, Feature.delta_bg.column]
    ].round(1)
    assert found_in(replace(records, values=one_decimal), tmp_path) == []


def test_a_file_cut_off_after_it_was_written_is_found_by_its_header(tmp_path: Path) -> None:
    path = write_split_file(tmp_path, healthy(), Split.train)
    path.write_text("\n".join(path.read_text().splitlines()[:-100]) + "\n")
    finding = only(split_findings(read_split_file(path), MAX_GAP_HOURS), CheckName.header)
    assert (finding.severity, finding.column) == (Severity.warning, "record_count")
    assert "says record_count 400, the file says 300" in finding.what


def test_a_finding_tells_pump_place_and_remedy(tmp_path: Path) -> None:
    finding, *_ = found_in(changed(healthy(pump_id="881235"), Feature.bg, [5], 700), tmp_path)
    path = str(finding.file)
    assert finding.message.startswith("pump 881235, train: bg is 700, not within 20 to 600 (mg/dL) (1 record)")
    assert f"{path}, line {HEADER_LINES + 6}, column bg" in finding.message
    assert finding.message.endswith(finding.todo)


def three_splits(pump_id: str, folder: Path, start: np.datetime64 = START) -> list[SplitFile]:
    whole = healthy(600, pump_id, start)
    parts = {Split.train: (0, 400), Split.validate: (400, 500), Split.test: (500, 600)}
    return [filed(whole.rows(*rows), folder, split) for split, rows in parts.items()]


def test_splits_that_follow_each_other_have_no_finding(tmp_path: Path) -> None:
    assert findings(three_splits("1", tmp_path) + three_splits("2", tmp_path), DataSettings()) == []


def test_overlapping_splits_are_found(tmp_path: Path) -> None:
    train, validate, _ = three_splits("1", tmp_path)
    test = filed(healthy(600).rows(490, 600), tmp_path / "other", Split.test)
    finding = only(findings([test, train, validate], DataSettings()), CheckName.split_order)
    assert (finding.split, finding.line, finding.how_much) == (Split.test, HEADER_LINES + 1, "10 records")
    assert finding.severity is Severity.error
    assert "validate" in finding.what


def test_a_split_that_comes_too_early_is_found_although_nothing_overlaps(tmp_path: Path) -> None:
    _, validate, test = three_splits("1", tmp_path)
    late = filed(healthy(400, start=START + np.timedelta64(30, "D")), tmp_path / "late")
    found = findings([late, validate, test], DataSettings())
    assert [(finding.check, finding.split) for finding in found] == [
        (CheckName.split_order, Split.validate),
        (CheckName.split_order, Split.test),
    ]


def test_a_split_without_data_is_found(tmp_path: Path) -> None:
    train, validate, _ = three_splits("1", tmp_path)
    finding = only(findings([train, validate], DataSettings()), CheckName.split_without_data)
    assert (finding.split, finding.severity) == (Split.test, Severity.error)
    empty = SplitFile(tmp_path / "empty.csv", Split.test, SplitHeader(), healthy().rows(0, 0))
    finding = only(findings([train, validate, empty], DataSettings()), CheckName.split_without_data)
    assert finding.file == tmp_path / "empty.csv"


def test_pumps_of_one_wearer_that_overlap_across_splits_are_warned_of(tmp_path: Path) -> None:
    # Pump 2 starts 450 records later: its train split covers the end of validate and all of test of pump 1.
    first = three_splits("1", tmp_path)
    second = three_splits("2", tmp_path, START + 450 * RECORD_INTERVAL)
    assert findings(first + second, DataSettings()) == []
    found = findings(first + second, DataSettings(wearers={"anna": ["1", "2"]}))
    assert [(f.check, f.severity, f.pump_id, f.split) for f in found] == [
        (CheckName.wearer_overlap, Severity.warning, "1", Split.validate),
        (CheckName.wearer_overlap, Severity.warning, "1", Split.test),
    ]
    assert found[0].line == HEADER_LINES + 51
    assert "anna also wore pump 2, whose train split" in found[0].what


def test_pumps_of_one_wearer_split_at_the_same_dates_are_no_finding(tmp_path: Path) -> None:
    files = three_splits("1", tmp_path) + three_splits("2", tmp_path)
    assert findings(files, DataSettings(wearers={"anna": ["1", "2"]})) == []


def test_a_pump_that_a_wearer_is_said_to_have_worn_and_that_is_not_there_is_warned_of(tmp_path: Path) -> None:
    wearers = {"anna": ["1", "l"]}
    [finding] = findings(three_splits("1", tmp_path), DataSettings(wearers=wearers))
    assert (finding.check, finding.severity, finding.pump_id) == (CheckName.wearer_overlap, Severity.warning, "l")
    assert finding.message.startswith("pump l: data.wearers says that anna wore it, but it has no data")
    left_out = DataSettings(wearers=wearers, pump_ids=["1"])
    joined = DataSettings(wearers=wearers, join_wearers=True)
    assert findings(three_splits("1", tmp_path), left_out) == findings(three_splits("1", tmp_path), joined) == []


@pytest.mark.parametrize("blocks", [False, True])
def test_a_hole_in_the_rows_is_told_with_what_it_costs(blocks: bool, tmp_path: Path) -> None:
    records = healthy(1200)
    kept = np.r_[0:400, 600:1200]
    holed = replace(records, timestamps=records.timestamps[kept], values=records.values[kept])
    file = read_split_file(write_split_file(tmp_path, holed, Split.train))
    settings = DataSettings(block_breaks=blocks)
    (finding,) = [each for each in findings([file], settings) if each.check is CheckName.breaks]
    assert finding.severity is (Severity.error if blocks else Severity.warning)
    assert finding.how_much == "1 break, 16.8 h the longest, 16.8 h in all, which cost 299 forecast origins"
    assert finding.line == HEADER_LINES + 401
