"""Each trap of the AZT1D files, on tiny files made here."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import RECORD_INTERVAL, Feature, PumpRecords, Split
from bloodtwin_core.records.checks.continuity import CheckName, findings
from bloodtwin_core.records.split_files import SplitFile, read_split_file
from bloodtwin_core.sources.azt1d import Azt1dSettings
from bloodtwin_core.sources.azt1d.importer import histories, person_history
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.splits import pump_split_files

HEADER = (
    "EventDateTime,DeviceMode,BolusType,Basal,CorrectionDelivered,TotalBolusInsulinDelivered,FoodDelivered,CarbSize,CGM"
)
MIDNIGHT = datetime(2024, 1, 10)
MAX_GAP_HOURS = 15.0


def row(time: datetime, glucose: object = 120, basal: object = "", bolus: object = "") -> str:
    kind = "Standard" if bolus != "" else ""
    return f"{time:%Y-%m-%d %H:%M:%S},,{kind},{basal},,{bolus},,,{glucose}"


def hours_of_rows(rates: list[object], minute: int = 2, second: int = 30) -> list[str]:
    """Twelve rows an hour, with that hour's basal."""
    first = MIDNIGHT + timedelta(minutes=minute, seconds=second)
    return [row(first + timedelta(minutes=5 * n), basal=rates[n // 12]) for n in range(12 * len(rates))]


def file_of(rows: list[str], folder: Path, header: str = HEADER) -> Path:
    path = folder / "Subject 1.csv"
    path.write_text("\n".join([header, *rows, ""]))
    return path


def imported(rows: list[str], folder: Path) -> PumpRecords:
    return person_history("1", file_of(rows, folder), MAX_GAP_HOURS).records


def at(records: PumpRecords, time: str, feature: Feature) -> float:
    (place,) = np.flatnonzero(records.timestamps == np.datetime64(f"2024-01-10T{time}"))
    return float(records.feature(feature)[place])


# Trap 1: basal leaks the target.
def test_basal_is_placed_on_the_hour_after_the_one_it_is_the_mean_of(tmp_path: Path) -> None:
    records = imported(hours_of_rows([0.5, 0.9, 1.3]), tmp_path)
    assert records.timestamps[0] == np.datetime64("2024-01-10T01:00:00")
    assert records.feature(Feature.basal_rate).tolist() == pytest.approx([0.5] * 12 + [0.9] * 12)


def test_no_record_carries_a_basal_of_its_own_or_a_later_hour(tmp_path: Path) -> None:
    rates: list[object] = [round(0.1 * (hour + 1), 1) for hour in range(24)]
    records = imported(hours_of_rows(rates), tmp_path)
    own_hour = records.timestamps.astype("datetime64[h]").astype(int) % 24
    basal_hour = np.rint(records.feature(Feature.basal_rate) * 10 - 1)
    np.testing.assert_array_equal(own_hour - basal_hour, 1)


# Trap 2: basal is known only at the end.
def test_rows_before_basal_begins_are_left_out(tmp_path: Path) -> None:
    records = imported(hours_of_rows(["", "", 0.7, 0.8]), tmp_path)
    assert records.timestamps[0] == np.datetime64("2024-01-10T03:00:00")
    assert len(records) == 12


def test_an_unknown_basal_inside_is_unknown_and_not_zero(tmp_path: Path) -> None:
    basal = imported(hours_of_rows([0.7, "", 0.0, 0.9, 0.9]), tmp_path).feature(Feature.basal_rate)
    assert basal[:12].tolist() == pytest.approx([0.7] * 12)
    assert np.isnan(basal[12:24]).all()
    assert basal[24:36].tolist() == [0.0] * 12


def test_a_person_without_any_basal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no basal"):
        imported(hours_of_rows(["", ""]), tmp_path)


def test_a_person_without_glucose_since_basal_began_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no glucose"):
        imported(hours_of_rows([0.5]), tmp_path)


# Trap 3: lost decimal points.
def test_a_basal_without_its_decimal_point_gets_it_back(tmp_path: Path) -> None:
    basal = imported(hours_of_rows([1433, 6.159, 9, 0.5, 0.5]), tmp_path).feature(Feature.basal_rate)
    assert basal[[0, 12, 24, 36]].tolist() == pytest.approx([1.433, 6.159, 0.009, 0.5])


# Trap 4: duplicated rows, repeated timestamps, two sensors.
def test_duplicated_rows_count_once(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.6])
    rows[14] = row(MIDNIGHT + timedelta(hours=1, minutes=12, seconds=30), 130, 0.6, bolus=2.5)
    once = imported(rows, tmp_path)
    twice = imported([line for line in rows for _ in range(2)], tmp_path)
    np.testing.assert_array_equal(twice.values, once.values)
    assert at(twice, "01:10", Feature.bolus_dose) == 2.5


def test_a_bolus_repeated_with_another_basal_or_sensor_counts_once(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.6])
    time = MIDNIGHT + timedelta(hours=1, minutes=57, seconds=30)
    rows += [row(time, 120, 0.6, bolus=3.0), row(time, 120, 0.7, bolus=3.0), row(time, 170, 0.7, bolus=3.0)]
    assert at(imported(rows, tmp_path), "01:55", Feature.bolus_dose) == 3.0


def test_two_different_boluses_at_one_time_are_both_given(tmp_path: Path) -> None:
    time = MIDNIGHT + timedelta(hours=1, minutes=30)
    rows = [*hours_of_rows([0.5, 0.6]), row(time, 120, 0.6, bolus=3.0), row(time, 120, 0.6, bolus=1.5)]
    assert at(imported(rows, tmp_path), "01:30", Feature.bolus_dose) == 4.5


def test_a_timestamp_that_stands_with_several_rates_tells_of_none(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.7, 0.9, 0.9])
    # No glucose from 0:27 to 2:02: the rows of hour 1 stand under the last reading before.
    before = MIDNIGHT + timedelta(minutes=22, seconds=30)
    rows[5:24] = [row(before, 120, 0.5)] * 7 + [row(before, 120, 0.7)] * 12
    basal = imported(rows, tmp_path).feature(Feature.basal_rate)
    assert basal.tolist() == pytest.approx([np.nan] * 12 + [0.9] * 12, nan_ok=True)


def test_of_two_sensors_at_the_same_minute_the_one_so_far_is_kept(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5])
    for n in range(12):  # Both at the same second, 60 mg/dL apart; the order in the file changes.
        time = MIDNIGHT + timedelta(hours=1, minutes=5 * n + 2, seconds=30)
        pair = [row(time, 121 + n, 0.5), row(time, 181 + n, 0.5)]
        rows += pair[:: 1 if n % 2 else -1]
    assert imported(rows, tmp_path).feature(Feature.bg).tolist() == [121 + n for n in range(12)]


def test_of_two_sensors_with_different_rhythms_the_one_so_far_is_kept(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5])
    for n in range(12):  # The other sensor reads a minute and a half later and starts from the very same glucose.
        time = MIDNIGHT + timedelta(hours=1, minutes=5 * n + 2, seconds=30)
        rows += [row(time, 121 + n, 0.5), row(time + timedelta(seconds=90), 120, 0.5)]
    assert imported(rows, tmp_path).feature(Feature.bg).tolist() == [121 + n for n in range(12)]


def test_when_the_sensor_so_far_ends_the_other_takes_over(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5])
    for n in range(12):
        time = MIDNIGHT + timedelta(hours=1, minutes=5 * n + 2, seconds=30)
        rows += [row(time, 121, 0.5)] * (n < 6) + [row(time, 180, 0.5)] * (n > 2)
    assert imported(rows, tmp_path).feature(Feature.bg).tolist() == [121] * 6 + [180] * 6


def test_two_readings_of_one_sensor_in_five_minutes_keep_the_later(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.5], minute=0, second=0)
    rows.append(row(MIDNIGHT + timedelta(hours=1, minutes=34, seconds=59), 133, 0.5))
    assert at(imported(rows, tmp_path), "01:30", Feature.bg) == 133


def test_no_reading_is_an_average(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    rows = hours_of_rows([0.5])
    for n in range(12):
        time = MIDNIGHT + timedelta(hours=1, minutes=5 * n)
        for seconds, glucose in random.integers(40, 299, (3, 2)):
            rows.append(row(time + timedelta(seconds=int(seconds)), glucose, 0.5))
    written = {float(line.split(",")[-1]) for line in rows}
    assert set(imported(rows, tmp_path).feature(Feature.bg).tolist()) <= written


# Trap 5: person 14's columns.
def test_another_column_order_and_name_of_glucose_is_understood(tmp_path: Path) -> None:
    rows = [
        f"{cells[0]},{cells[3]},,,,,{cells[8]},{cells[5]},"
        for cells in (line.split(",") for line in hours_of_rows([0.5, 0.6]))
    ]
    header = (
        "EventDateTime,Basal,BolusType,CarbSize,CorrectionDelivered,FoodDelivered,"
        "Readings (CGM / BGM),TotalBolusInsulinDelivered,DeviceMode"
    )
    other = person_history("14", file_of(rows, tmp_path, header), MAX_GAP_HOURS).records
    np.testing.assert_array_equal(other.values, imported(hours_of_rows([0.5, 0.6]), tmp_path).values)


# Trap 6: bolus is in units, per event.
def test_boluses_are_units_added_up_in_their_five_minutes_and_zero_elsewhere(tmp_path: Path) -> None:
    hour = MIDNIGHT + timedelta(hours=1)
    extra = [row(hour + timedelta(minutes=31), 120, 0.6, 2.0), row(hour + timedelta(minutes=33), 120, 0.6, 0.55)]
    bolus = imported([*hours_of_rows([0.5, 0.6]), *extra], tmp_path).feature(Feature.bolus_dose)
    assert bolus.tolist() == pytest.approx([0.0] * 6 + [2.55] + [0.0] * 5)


def test_a_bolus_is_kept_where_glucose_was_not_read(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.6])
    rows[18] = row(MIDNIGHT + timedelta(hours=1, minutes=32), "", 0.6, bolus=4.0)
    records = imported(rows, tmp_path)
    assert at(records, "01:30", Feature.bolus_dose) == 4.0
    assert at(records, "01:30", Feature.bg_missing_flag) == 1


# Trap 7: columns that some people do not have.
def test_carbohydrates_and_device_mode_are_not_needed(tmp_path: Path) -> None:
    rows = [",".join(line.split(",")[i] for i in (0, 3, 5, 8)) for line in hours_of_rows([0.5, 0.6])]
    header = "EventDateTime,Basal,TotalBolusInsulinDelivered,CGM"
    records = person_history("23", file_of(rows, tmp_path, header), MAX_GAP_HOURS).records
    np.testing.assert_array_equal(records.values, imported(hours_of_rows([0.5, 0.6]), tmp_path).values)


# Trap 8: the edges of the hours jitter.
@pytest.mark.parametrize("early", [True, False])
def test_a_neighbours_basal_within_two_minutes_of_the_full_hour_is_not_taken(tmp_path: Path, early: bool) -> None:
    minute = 2 if not early else 3
    rates: list[object] = [0.5, 0.9, 1.3, 1.7]
    rows = hours_of_rows(rates, minute=minute, second=0)
    for hour in range(1, 4):
        edge = 12 * hour - 1 if early else 12 * hour  # at minute 58 with the next hour's, or 2 with the last hour's
        wrong = rates[hour] if early else rates[hour - 1]
        rows[edge] = row(MIDNIGHT + timedelta(minutes=minute + 5 * edge), 120, wrong)
    basal = imported(rows, tmp_path).feature(Feature.basal_rate)
    assert basal.tolist() == pytest.approx([0.5] * 12 + [0.9] * 12 + [1.3] * 12)


def test_an_hour_known_only_at_its_edge_is_unknown(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.6, 0.7, 0.7])
    kept = [line for n, line in enumerate(rows) if not 13 <= n < 24]
    basal = imported(kept, tmp_path).feature(Feature.basal_rate)
    assert np.isnan(basal[12:24]).all()
    assert basal[:12].tolist() == pytest.approx([0.5] * 12)


# The grid.
def test_the_grid_is_complete_within_a_segment_and_what_was_not_read_is_flagged(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5] * 6)
    records = imported([line for n, line in enumerate(rows) if not 30 <= n < 40], tmp_path)
    assert (np.diff(records.timestamps) == RECORD_INTERVAL).all()
    missing = np.isnan(records.feature(Feature.bg))
    assert np.flatnonzero(missing).tolist() == list(range(18, 28))
    np.testing.assert_array_equal(records.feature(Feature.bg_missing_flag), missing)


@pytest.mark.parametrize(("hours_without", "records_there"), [(14, True), (16, False)])
def test_a_gap_longer_than_the_limit_has_no_records(tmp_path: Path, hours_without: int, records_there: bool) -> None:
    rows = hours_of_rows([0.5] * 24)
    kept = [line for n, line in enumerate(rows) if not 36 <= n < 36 + 12 * hours_without]
    steps = np.diff(imported(kept, tmp_path).timestamps)
    assert (steps == RECORD_INTERVAL).all() == records_there
    assert steps.max() == RECORD_INTERVAL * (1 if records_there else 12 * hours_without + 1)


def test_rows_in_any_order_give_the_same_records(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.6, 0.7])
    np.testing.assert_array_equal(imported(rows[::-1], tmp_path).values, imported(rows, tmp_path).values)


def test_glucose_outside_the_physiological_limits_is_clipped_and_flagged(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.6])
    rows[13] = row(MIDNIGHT + timedelta(hours=1, minutes=7), 700, 0.6)
    records = imported(rows, tmp_path)
    assert (at(records, "01:05", Feature.bg), at(records, "01:05", Feature.bg_clip_flag)) == (600, 1)


# Bad input.
@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("CGM", "0", "0 is not a glucose"),
        ("CGM", "-5", "-5 is not a glucose"),
        ("CGM", "1001", "1001 is not a glucose"),
        ("CGM", "inf", "not a finite number"),
        ("CGM", "high", "'high' is not a number"),
        ("Basal", "-0.1", "not a basal rate"),
        ("Basal", "20000", "not a basal rate"),
        ("TotalBolusInsulinDelivered", "-1", "not a bolus"),
        ("EventDateTime", "yesterday", "'yesterday' is not a timestamp"),
        ("EventDateTime", "", "not a timestamp"),
        ("EventDateTime", "2024-01-10T00:00:00Z", "not a timestamp"),
    ],
)
def test_impossible_cells_are_refused_with_their_place(tmp_path: Path, column: str, cell: str, says: str) -> None:
    rows = hours_of_rows([0.5, 0.6])
    cells = rows[4].split(",")
    cells[HEADER.split(",").index(column)] = cell
    rows[4] = ",".join(cells)
    path = file_of(rows, tmp_path)
    with pytest.raises(DataError) as caught:
        person_history("1", path, MAX_GAP_HOURS)
    assert (caught.value.file, caught.value.line, caught.value.column) == (path, 6, column)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        (HEADER, "no rows"),
        (HEADER.replace("CGM", "Glucose") + "\n", "CGM: the column is missing"),
        (HEADER.replace("Basal", "BasalRate") + "\n", "Rename column 'BasalRate' to 'Basal'"),
    ],
)
def test_files_that_are_no_subject_are_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "Subject 1.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=says):
        person_history("1", path, MAX_GAP_HOURS)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    for person in ("2", "10"):
        folder = tmp_path / "CGM Records" / f"Subject {person}"
        folder.mkdir(parents=True)
        rows = hours_of_rows([0.5, 0.6])
        (folder / f"Subject {person}.csv").write_text("\n".join([HEADER, *rows, ""]))
    return tmp_path


def test_people_are_found_in_the_folder_as_published(published: Path) -> None:
    for root in (published, published / "CGM Records"):
        people = histories(DataSettings(source="azt1d", root=str(root)))
        assert [records.pump_id for records in people] == ["2", "10"]
    people = histories(DataSettings(source="azt1d", root=str(published), pump_ids=["10"]))
    assert [records.pump_id for records in people] == ["10"]


@pytest.mark.parametrize(
    ("root", "pump_ids", "error", "says"),
    [
        ("", [], SettingsError, "data.root is not set"),
        ("nowhere", [], DataError, "does not exist"),
        ("CGM Records/Subject 2", [], DataError, "no 'Subject N' folders"),
        (".", ["3"], DataError, "person 3 has no data; there are 2, 10"),
    ],
)
def test_what_is_not_there_is_named(
    published: Path, root: str, pump_ids: list[str], error: type[BloodTwinError], says: str
) -> None:
    place = str(published / root) if root else ""
    with pytest.raises(error, match=says):
        list(histories(DataSettings(source="azt1d", root=place, pump_ids=pump_ids)))
    (published / "CGM Records" / "Subject 2" / "Subject 2.csv").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        list(histories(DataSettings(source="azt1d", root=str(published))))


def with_days_before(folder: Path, gap_hours: int = 0) -> Path:
    """Two days of glucose and bolus without basal, perhaps a gap, then three days with it."""
    first = [MIDNIGHT + timedelta(minutes=2 + 5 * n) for n in range(576)]
    before = [row(time, 100 + n % 50, bolus=2 if n % 50 == 0 else "") for n, time in enumerate(first)]
    then = [first[-1] + timedelta(hours=gap_hours, minutes=5 + 5 * n) for n in range(864)]
    after = [row(time, 120 + n % 70, 0.5 + n // 12 % 3, 1 if n % 90 == 0 else "") for n, time in enumerate(then)]
    subject = folder / "CGM Records" / "Subject 1"
    subject.mkdir(parents=True)
    (subject / "Subject 1.csv").write_text("\n".join([HEADER, *before, *after, ""]))
    return folder


@pytest.mark.parametrize("gap_hours", [0, 3, 20])
def test_days_before_basal_are_learnt_from_and_nothing_else_changes(tmp_path: Path, gap_hours: int) -> None:
    root = with_days_before(tmp_path / "azt1d", gap_hours)
    plain = data_settings(source="azt1d", root=str(root))
    with_days = plain.model_copy(update={"azt1d": Azt1dSettings(days_before_basal=True)})
    parts: list[dict[Split, SplitFile]] = []
    for settings, name in ((plain, "plain"), (with_days, "with_days")):
        (pump,) = pump_split_files(settings, tmp_path / name)
        parts.append({split: read_split_file(path) for split, path in pump.files.items()})
        # The month between is a break of its file, which is told.
        found = findings(list(parts[-1].values()), settings)
        assert {finding.check for finding in found} <= {CheckName.breaks}
    without, longer = parts
    for split in (Split.validate, Split.test):
        assert without[split].records.values.tobytes() == longer[split].records.values.tobytes()
        np.testing.assert_array_equal(without[split].records.timestamps, longer[split].records.timestamps)
    train, more = without[Split.train].records, longer[Split.train].records
    added = more.rows(0, len(more) - len(train))
    assert len(added) >= 576
    np.testing.assert_array_equal(more.timestamps[len(added) :], train.timestamps)
    # The first record now has a neighbour, so its change of glucose may be known.
    np.testing.assert_array_equal(more.values[len(added) + 1 :], train.values[1:])
    assert np.isnan(added.feature(Feature.basal_rate)).all()
    assert np.nansum(added.feature(Feature.bolus_dose)) == 2 * 12 + 1, "an hour of basal is known when it is over"
    assert np.isfinite(added.feature(Feature.bolus_dose)).all(), "boluses are known where basal is not"
    assert "days before" in longer[Split.train].header.notes
