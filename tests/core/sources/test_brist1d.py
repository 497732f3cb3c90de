"""The BrisT1D importer on small made files: insulin is unknown, and what a clock that went back mixed up is dropped."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import GLUCOSE_LIMITS, RECORD_INTERVAL, Feature, PumpRecords, Split
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.sources.brist1d.importer import events, interleaved
from bloodtwin_core.sources.splits import pump_split_files

ROOT = Path(__file__).parents[3].parent / "shared" / "data" / "brist1d"
HEADER = "timestamp,glucose_value_mg_dl"
START = datetime(2023, 10, 28, 12, 1)
Row = tuple[datetime, float]


def rows(count: int, start: datetime = START, minutes: float = 5.0, glucose: float = 100.0) -> list[Row]:
    """Readings that rise and fall, so that no two neighbours are the same."""
    return [(start + timedelta(minutes=minutes * n), glucose + n % 40) for n in range(count)]


def write(root: Path, lines: list[Row] | list[str], person: str = "P02") -> DataSettings:
    root.mkdir(exist_ok=True)
    texts = [line if isinstance(line, str) else f"{line[0]:%Y-%m-%d %H:%M:%S},{line[1]:g}" for line in lines]
    (root / f"{person}.csv").write_text("\n".join([HEADER, *texts]) + "\n", encoding="utf-8")
    return DataSettings(source="brist1d", root=str(root))


def records_of(settings: DataSettings) -> PumpRecords:
    (person,) = events(settings)
    records, _ = records_from_events(person, settings.max_gap_hours)
    return records


def at(records: PumpRecords, moment: datetime) -> int:
    """The record that tells of a moment: of the five minutes up to it."""
    place = int(np.searchsorted(records.timestamps, np.datetime64(moment, "s")))
    assert records.timestamps[place] - np.datetime64(moment, "s") < RECORD_INTERVAL
    return place


def test_insulin_is_unknown_and_glucose_is_at_its_wall_time(tmp_path: Path) -> None:
    records = records_of(write(tmp_path, rows(600)))
    assert np.isnan(records.feature(Feature.basal_rate)).all()
    assert np.isnan(records.feature(Feature.bolus_dose)).all()
    assert records.timestamps[0] == np.datetime64("2023-10-28T12:05:00")
    np.testing.assert_array_equal(records.feature(Feature.bg)[:3], [100, 101, 102])
    assert (np.diff(records.timestamps) == RECORD_INTERVAL).all(), "no hour is put in where clocks went back"


def test_the_splits_hold_unknown_insulin_as_empty_fields_and_name_the_data_set(tmp_path: Path) -> None:
    (pump,) = pump_split_files(write(tmp_path / "root", rows(600)), tmp_path / "splits")
    file = read_split_file(pump.files[Split.test])
    assert pump.pump_id == "P02"
    assert np.isnan(file.records.feature(Feature.basal_rate)).all()
    assert np.isnan(file.records.feature(Feature.bolus_dose)).all()
    assert "doi:10.5523/bris.33z5jc8fa6tob21ptrugzqog08" in file.header.notes
    assert "local wall time" in file.header.tz_handling


def test_an_exact_repeat_is_one_reading(tmp_path: Path) -> None:
    plain = rows(300)
    settings = write(tmp_path, [row for row in plain for _ in range(1 + (row is plain[50]))])
    (person,) = events(settings)
    assert len(person.glucose) == 300
    assert person.repairs.counts[RepairKind.repeated_events] == 1


@pytest.mark.parametrize("shift", [0, 60, 150])
def test_of_an_hour_that_occurs_twice_nothing_is_kept(tmp_path: Path, shift: int) -> None:
    """The clock goes back from 02:00 to 01:00; the file is sorted by time, so the two hours are interleaved."""
    before = rows(168)
    second = rows(120, datetime(2023, 10, 29, 1, 1) + timedelta(seconds=shift), glucose=250.0)
    settings = write(tmp_path, sorted([*before, *second]))
    records = records_of(settings)
    twice = slice(at(records, datetime(2023, 10, 29, 1, 6)), at(records, datetime(2023, 10, 29, 1, 51)) + 1)
    assert np.isnan(records.feature(Feature.bg)[twice]).all()
    assert (records.feature(Feature.bg_missing_flag)[twice] == 1).all()
    glucose = records.feature(Feature.bg)
    known = np.flatnonzero(~np.isnan(glucose))
    jumps = np.abs(np.diff(glucose[known])) > 60
    assert jumps.sum() == 1, "one time ends before the hour, the other begins after it"
    (person,) = events(settings)
    assert 22 <= person.repairs.counts[RepairKind.interleaved_readings] <= 26


def test_a_sensor_that_jitters_is_not_interleaved() -> None:
    random = np.random.default_rng(0)
    jitter = random.integers(-30, 31, 500).astype("timedelta64[s]")
    times = np.datetime64("2023-06-01T00:02:00", "s") + np.arange(500) * RECORD_INTERVAL + jitter
    assert not interleaved(times).any()
    with_gap = np.delete(times, slice(100, 130))
    assert not interleaved(with_gap).any()


def test_glucose_beyond_the_limits_is_clipped_and_flagged(tmp_path: Path) -> None:
    readings = rows(300)
    readings[10] = (readings[10][0], 650.0)
    readings[20] = (readings[20][0], 12.0)
    records = records_of(write(tmp_path, readings))
    assert records.feature(Feature.bg)[[10, 20]].tolist() == [GLUCOSE_LIMITS.high, GLUCOSE_LIMITS.low]
    assert records.feature(Feature.bg_clip_flag)[[10, 20]].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2023-10-28 12:06,101", r"P02\.csv, line 3, column timestamp: '2023-10-28 12:06' is not a timestamp"),
        ("28/10/2023 12:06:00,101", r"line 3, column timestamp"),
        ("2023-10-28 12:06:00,Low", r"line 3, column glucose_value_mg_dl: 'Low' is not a number"),
        ("2023-10-28 12:06:00,0", r"line 3, column glucose_value_mg_dl: 0 is not a glucose in mg/dL"),
        ("2023-10-28 12:06:00,1001", r"line 3, column glucose_value_mg_dl: 1001 is not a glucose"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: str, said: str) -> None:
    first, *others = [f"{time:%Y-%m-%d %H:%M:%S},{glucose:g}" for time, glucose in rows(300)]
    with pytest.raises(DataError, match=said):
        list(events(write(tmp_path, [first, line, *others])))


def test_readings_in_mmol_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be mg/dL"):
        list(events(write(tmp_path, rows(300, glucose=6.0)[:20] * 3)))


def test_an_empty_reading_is_not_measured(tmp_path: Path) -> None:
    lines = [f"{time:%Y-%m-%d %H:%M:%S},{glucose:g}" for time, glucose in rows(300)]
    lines[50] = lines[50].split(",")[0] + ","
    (person,) = events(write(tmp_path, lines))
    assert len(person.glucose) == 299
    assert person.repairs.counts[RepairKind.unreadable_rows] == 1


def test_a_slow_sensor_is_left_out_or_refused_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, rows(300, minutes=15), "P01")
    settings = write(tmp_path, rows(300), "P02")
    with caplog.at_level(logging.WARNING):
        assert [person.pump_id for person in events(settings)] == ["P02"]
    assert "person P01 has a reading every 15 minutes only and is left out" in caplog.text
    with pytest.raises(DataError, match="person P01 has a reading every 15 minutes only"):
        list(events(settings.model_copy(update={"pump_ids": ["P01"]})))
    (tmp_path / "P02.csv").unlink()
    with pytest.raises(DataError, match="nobody has a reading every five minutes"):
        list(events(settings))


def test_folder_and_people_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data\.root is not set"):
        list(events(DataSettings(source="brist1d")))
    with pytest.raises(DataError, match="does not exist"):
        list(events(DataSettings(source="brist1d", root=str(tmp_path / "elsewhere"))))
    with pytest.raises(DataError, match=r"no files such as P02\.csv"):
        list(events(DataSettings(source="brist1d", root=str(tmp_path))))
    settings = write(tmp_path, rows(300))
    with pytest.raises(DataError, match="person P99 has no file; there are P02"):
        list(events(settings.model_copy(update={"pump_ids": ["P99"]})))


@pytest.mark.skipif(not ROOT.is_dir(), reason="the BrisT1D files are not in ../shared/data")
def test_the_published_copy_is_understood() -> None:
    people = list(events(DataSettings(source="brist1d", root=str(ROOT))))
    assert len(people) == 15
    assert sum(len(person.glucose) for person in people) == 758_497
    left_out = {person.pump_id: person.repairs.counts.get(RepairKind.interleaved_readings, 0) for person in people}
    assert (left_out["P03"], left_out["P16"]) == (0, 22)
    assert sum(left_out.values()) == 1_854
