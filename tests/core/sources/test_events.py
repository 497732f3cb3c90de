"""Raw events in three files a pump: read right, or refused with file, line and column."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.common.progress import Step
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.plausible import EARLIEST, POSSIBLE_GLUCOSE
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.events.units import UnitsError
from bloodtwin_core.sources.events import EventsSettings
from bloodtwin_core.sources.events.importer import events
from bloodtwin_core.sources.settings import data_settings

HEADS = {"cgmreading": "timestamp,bg,event_type", "basal": "timestamp,basal_rate,event_type"}
HEADS["bolus"] = "timestamp,bolus_dose,event_type"
READING = "2024-03-01T00:00:00+00:00,120,EGV"


def write(root: Path, kind: str, *rows: str, pump: str = "881235", name: str = "2024", head: str = "") -> Path:
    path = root / f"pump_{pump}" / f"{kind}_{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head or HEADS[kind], *rows]) + "\n", encoding="utf-8")
    return path


def read(root: Path, unit: str = "mg/dL", pump_ids: list[str] | None = None) -> list[PumpEvents]:
    asked = data_settings(root=str(root), pump_ids=pump_ids or [], events=EventsSettings(glucose_unit=unit))
    return list(events(asked))


def refusal(root: Path, unit: str = "mg/dL") -> str:
    with pytest.raises(DataError) as caught:
        read(root, unit)
    return str(caught.value)


def test_the_three_files_of_a_pump_are_its_events(tmp_path: Path) -> None:
    write(tmp_path, "cgmreading", "2024-03-01T00:05:00-05:00,120,EGV", "2024-03-01T00:00:10-05:00,118.5,EGV")
    write(
        tmp_path,
        "basal",
        "2024-03-01T05:00:00Z,0.85,rate",
        "2024-03-01 06:00:00+00:00,0,suspended",
        "2024-03-01T07:00Z,,",
    )
    write(tmp_path, "bolus", "2024-03-01T01:00:00.4+01:00,3.25,BOLUS")
    (pump,) = read(tmp_path)
    assert pump.pump_id == "881235"
    assert pump.glucose.times.astype(str).tolist() == ["2024-03-01T05:00:10", "2024-03-01T05:05:00"]
    assert pump.glucose.glucose.tolist() == [118.5, 120.0]
    np.testing.assert_array_equal(pump.basal.rate, [0.85, 0.0, np.nan])
    assert pump.bolus.times.astype(str).tolist() == ["2024-03-01T00:00:00"]
    assert pump.bolus.dose.tolist() == [3.25]
    assert pump.bolus.minutes.tolist() == [0.0]
    assert not pump.repairs


def test_all_files_are_read_and_a_row_in_two_of_them_counts_once(tmp_path: Path) -> None:
    second = "2024-03-01T00:05:00+00:00,121,EGV"
    write(tmp_path, "cgmreading", READING, second, name="a")
    write(tmp_path, "cgmreading", "2024-03-01T02:05:00+02:00,121,EGV", "2024-03-01T00:10:00Z,122,EGV", name="b")
    (pump,) = read(tmp_path)
    assert pump.glucose.glucose.tolist() == [120, 121, 122]
    assert pump.repairs[RepairKind.repeated_events] == 1


def test_sensors_and_durations_are_taken_where_the_files_have_them(tmp_path: Path) -> None:
    head = "sensor,timestamp,bg"
    write(tmp_path, "cgmreading", "G7,2024-03-01T00:00:00Z,120", ",2024-03-01T00:05:00Z,121", head=head)
    rows = ("2024-03-01T00:00:00Z,4,90", "2024-03-01T01:00:00Z,1,")
    write(tmp_path, "bolus", *rows, head="timestamp,bolus_dose,minutes")
    (pump,) = read(tmp_path)
    assert pump.glucose.sensor.tolist() == ["G7", ""]
    assert pump.bolus.minutes.tolist() == [90.0, 0.0]


def test_a_declared_unit_is_converted_and_a_wrong_one_refused(tmp_path: Path) -> None:
    rows = [f"2024-03-01T{minute // 60:02}:{minute % 60:02}:00Z,{5 + minute % 7},x" for minute in range(0, 600, 5)]
    write(tmp_path, "cgmreading", *rows)
    (pump,) = read(tmp_path, "mmol/L")
    assert pump.glucose.glucose[0] == pytest.approx(90.078)
    with pytest.raises(UnitsError, match=r"pump_881235, bg: the median glucose is 8, which cannot be mg/dL"):
        read(tmp_path, "mg/dL")


def test_readings_in_mg_declared_as_mmol_are_refused_at_their_line(tmp_path: Path) -> None:
    path = write(tmp_path, "cgmreading", READING)
    assert refusal(tmp_path, "mmol/L").startswith(f"{path}, line 2, column bg: 120 is not a glucose in mmol/L")


def test_rows_without_a_reading_and_files_without_rows_are_no_events(tmp_path: Path) -> None:
    write(tmp_path, "cgmreading", READING, "2024-03-01T00:05:00Z,,EGV")
    write(tmp_path, "basal")
    write(tmp_path, "bolus")
    (pump,) = read(tmp_path)
    assert len(pump) == 1


def test_a_pump_without_insulin_files_has_unknown_insulin(tmp_path: Path) -> None:
    write(tmp_path, "cgmreading", READING)
    (pump,) = read(tmp_path)
    assert (len(pump.basal), len(pump.bolus)) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "row", "column", "said"),
    [
        ("cgmreading", "2024-03-01T00:05:00,120,x", "timestamp", "the timestamp '2024-03-01T00:05:00' has no zone"),
        ("cgmreading", "01/03/2024 00:05,120,x", "timestamp", "'01/03/2024 00:05' is not a timestamp"),
        ("cgmreading", "2019-12-31T23:59:59Z,120,x", "timestamp", "'2019-12-31T23:59:59Z' is before 2020-01-01"),
        ("cgmreading", "2090-01-01T00:00:00Z,120,x", "timestamp", "'2090-01-01T00:00:00Z' is in the future"),
        ("cgmreading", "2024-03-01T00:05:00Z,high,x", "bg", "'high' is not a number"),
        ("cgmreading", "2024-03-01T00:05:00Z,0,x", "bg", "0 is not a glucose in mg/dL"),
        ("cgmreading", "2024-03-01T00:05:00Z,120,x,y", "", "the row has 4 fields, the header 3"),
        ("cgmreading", "2024-03-01T00:05:00Z,120,5", "bg", "'120,5' has a decimal comma. Write a decimal point"),
        ("basal", "2024-03-01T00:00:00Z,0,85", "basal_rate", "'0,85' has a decimal comma"),
        ("bolus", "2024-03-01T00:00:00Z,4, 05", "bolus_dose", "'4,05' has a decimal comma"),
        ("basal", "2024-03-01T00:00:00Z,850,x", "basal_rate", "850 is not a basal rate in U/h"),
        ("basal", "2024-03-01T00:00:00Z,-0.1,x", "basal_rate", "-0.1 is not a basal rate"),
        ("bolus", "2024-03-01T00:00:00Z,4500,x", "bolus_dose", "4500 is not a bolus in U"),
        ("bolus", "2024-03-01T00:00:00Z,,x", "bolus_dose", "the bolus has no dose"),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_column(
    tmp_path: Path, kind: str, row: str, column: str, said: str
) -> None:
    write(tmp_path, "cgmreading", READING)
    path = write(tmp_path, kind, "2024-02-01T00:00:00+00:00,33,x", row, name="wrong")
    where = f"{path}, line 3, column {column}" if column else f"{path}, line 3"
    assert refusal(tmp_path).startswith(f"{where}: {said}")


def test_a_missing_column_names_the_likely_one(tmp_path: Path) -> None:
    write(tmp_path, "cgmreading", READING, head="timestamp,bgs,event_type")
    assert "column bg: the column is missing" in refusal(tmp_path)
    assert "Rename column 'bgs' to 'bg'" in refusal(tmp_path)


def test_folders_that_hold_no_pump_say_what_is_looked_for(tmp_path: Path) -> None:
    assert "the folder holds no pump_* folder" in refusal(tmp_path)
    assert "the folder does not exist" in refusal(tmp_path / "elsewhere")
    (tmp_path / "pump_1").mkdir()
    assert "there is no file cgmreading_*.csv" in refusal(tmp_path)
    with pytest.raises(SettingsError, match=r"data\.root is not set"):
        list(events(DataSettings()))


def test_only_the_pumps_asked_for_are_read(tmp_path: Path) -> None:
    for pump in ("2", "10", "1"):
        write(tmp_path, "cgmreading", READING, pump=pump)
    assert [pump.pump_id for pump in read(tmp_path)] == ["1", "2", "10"]
    assert [pump.pump_id for pump in read(tmp_path, pump_ids=["10", "1"])] == ["10", "1"]
    with pytest.raises(DataError, match="pump 3 has no data; there are 1, 2, 10"):
        read(tmp_path, pump_ids=["3"])


def test_progress_is_told_pump_by_pump(tmp_path: Path) -> None:
    for pump in ("1", "2"):
        write(tmp_path, "cgmreading", READING, pump=pump)
    steps: list[Step] = []
    list(events(DataSettings(root=str(tmp_path)), steps.append))
    assert steps == [Step(0, 2, "pump_1"), Step(1, 2, "pump_2"), Step(2, 2, "")]


def understood_or_refused(contents: dict[str, bytes], unit: str) -> None:
    """Nothing but events that can be, or an error that the user can mend."""
    with TemporaryDirectory() as folder:
        for name, content in contents.items():
            path = Path(folder) / "pump_1" / f"{name}_x.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        try:
            (pump,) = read(Path(folder), unit)
        except BloodTwinError:
            return
    for kind in (pump.glucose, pump.basal, pump.bolus):
        assert (np.diff(kind.times) >= np.timedelta64(0, "s")).all()
        assert (kind.times >= EARLIEST).all()
        assert (kind.times <= np.datetime64("now", "s")).all()
    assert (
        (pump.glucose.glucose >= POSSIBLE_GLUCOSE.low) & (pump.glucose.glucose <= POSSIBLE_GLUCOSE.high + 1e-9)
    ).all()
    assert not len(pump.glucose) or np.median(pump.glucose.glucose) >= 35 - 1e-9


UNITS = st.sampled_from(["mg/dL", "mmol/L"])


@settings(max_examples=150, deadline=None)
@example(junk=b"\x0b", headed=True, kind="basal", unit="mg/dL")  # A blank line to Python, a row to pandas.
@given(junk=st.binary(max_size=300), headed=st.booleans(), kind=st.sampled_from(sorted(HEADS)), unit=UNITS)
def test_no_bytes_crash_the_parser(junk: bytes, headed: bool, kind: str, unit: str) -> None:
    head = f"{HEADS[kind]}\n2024-03-01T00:00:00Z,7,x\n".encode() if headed else b""
    understood_or_refused({"cgmreading": f"{HEADS['cgmreading']}\n{READING}\n".encode(), kind: head + junk}, unit)


ODD_NUMBERS = ["", "NaN", "inf", "-1", "1e308", "1e999", "0x10", "1_000", "5,5", '"', "#", "١٢٠", "120 mg/dL", "True"]
ODD_STAMPS = ["2024-03-01T00:00:00+14:00", "2024-02-30T00:00:00Z", "1709251200", "NaT", "now", "2024-03-01T00:00:00Z"]
FIELD = st.sampled_from([*ODD_NUMBERS, "5.5", "120"]) | st.floats(width=32).map(str) | st.text(max_size=8)
STAMP = st.datetimes().map("{0:%Y-%m-%dT%H:%M:%S}Z".format) | st.sampled_from(ODD_STAMPS) | st.text(max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.dictionaries(
        st.sampled_from(sorted(HEADS)), st.lists(st.tuples(STAMP, FIELD, FIELD).map(",".join), max_size=6), min_size=1
    ),
    unit=UNITS,
)
def test_no_rows_crash_the_parser(rows: dict[str, list[str]], unit: str) -> None:
    contents = {kind: "\n".join([HEADS[kind], *lines]) for kind, lines in rows.items()}
    understood_or_refused({kind: text.encode("utf-8", "replace") for kind, text in contents.items()}, unit)


@settings(max_examples=60, deadline=None)
@given(
    readings=st.lists(st.floats(2.2, 22.2).map(lambda value: round(value, 1)), min_size=1, max_size=30),
    declared=UNITS,
    in_mg=st.booleans(),
)
def test_units_are_never_silently_wrong(readings: list[float], declared: str, in_mg: bool) -> None:
    values = [round(value * 18.0156) for value in readings] if in_mg else readings
    rows = [f"2024-03-01T00:{minute:02}:00Z,{value},x" for minute, value in enumerate(values)]
    with TemporaryDirectory() as folder:
        write(Path(folder), "cgmreading", *rows)
        if in_mg == (declared == "mg/dL"):
            (pump,) = read(Path(folder), declared)
            np.testing.assert_allclose(pump.glucose.glucose, np.array(readings) * 18.0156, atol=0.51)
        else:
            with pytest.raises(DataError, match=r"mmol/L|mg/dL"):
                read(Path(folder), declared)
