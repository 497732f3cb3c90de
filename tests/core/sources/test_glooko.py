"""Exports of Glooko, made for the purpose after the layout that public readers of them name."""

import random
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import Feature
from bloodtwin_core.sources.glooko.importer import events
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.device_exports.mutations import damaged, silently_other

NAME = "Name:Test Wearer,Date Range:2024-05-01 - 2024-05-02"
CGM = "Timestamp,CGM Glucose Value (mg/dl),Serial Number"
BASAL = "Timestamp,Insulin Type,Duration (minutes),Percentage (%),Rate,Insulin Delivered (U),Serial Number"
BOLUS = (
    "Timestamp,Insulin Type,Blood Glucose Input (mg/dl),Carbs Input (g),Carbs Ratio,Insulin Delivered (U),"
    "Initial Delivery (U),Extended Delivery (U),Serial Number"
)
TOTALS = "Timestamp,Total Bolus (U),Total Insulin (U),Total Basal (U),Serial Number"
CGM_FILE, BASAL_FILE = "cgm_data_1.csv", "Insulin data/basal_data_1.csv"
BOLUS_FILE, TOTALS_FILE = "Insulin data/bolus_data_1.csv", "Insulin data/insulin_data_1.csv"
READINGS = [f"2024-05-01 {n // 12:02}:{n % 12 * 5:02},{100 + n % 40}.0,S1" for n in range(24 * 12)]


def table(header: str, rows: list[str]) -> str:
    return "\ufeff" + "\r\n".join([NAME, header, *rows, ""])


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def read(root: Path, **own: Any) -> PumpEvents:
    extra = own.pop("extra_features", [])
    glooko = {"time_zone": "Europe/London", **own}
    (found,) = events(data_settings(source="glooko", root=str(root), glooko=glooko, extra_features=extra))
    return found


def insulin(folder: Path, basal: list[str] = [], bolus: list[str] = [], **own: Any) -> PumpEvents:  # noqa: B006
    files = {CGM_FILE: table(CGM, READINGS), BASAL_FILE: table(BASAL, basal), BOLUS_FILE: table(BOLUS, bolus)}
    return read(written(folder / "anna", files), **own)


def rates(found: PumpEvents) -> list[tuple[str, float]]:
    return [(str(time)[5:16], float(rate)) for time, rate in zip(found.basal.times, found.basal.rate, strict=True)]


def test_readings_are_taken_in_utc_with_their_sensor(tmp_path: Path) -> None:
    found = insulin(tmp_path)
    assert len(found.glucose) == 288
    assert str(found.glucose.times[0]) == "2024-04-30T23:00:00"
    assert (found.glucose.glucose[0], found.glucose.sensor[0]) == (100.0, "S1")
    assert (found.pump_id, found.wearer_zone) == ("anna", "Europe/London")


def test_a_zip_file_says_what_the_folder_says(tmp_path: Path) -> None:
    folder = written(tmp_path / "folder", {CGM_FILE: table(CGM, READINGS)})
    with zipfile.ZipFile(tmp_path / "anna.zip", "w") as packed:
        packed.write(folder / CGM_FILE, f"export/{CGM_FILE}")
    found = read(tmp_path / "anna.zip")
    assert found.pump_id == "anna"
    assert (found.glucose.glucose == read(folder).glucose.glucose).all()


def test_each_folder_of_exports_is_a_wearer(tmp_path: Path) -> None:
    for name in ("anna", "ben"):
        written(tmp_path / name, {CGM_FILE: table(CGM, READINGS)})
    found = events(data_settings(source="glooko", root=str(tmp_path), glooko={"time_zone": "Europe/London"}))
    assert [each.pump_id for each in found] == ["anna", "ben"]


def test_rows_with_the_newest_first_say_the_same(tmp_path: Path) -> None:
    newest_first = written(tmp_path / "newest_first", {CGM_FILE: table(CGM, READINGS[::-1])})
    assert (read(newest_first).glucose.glucose == insulin(tmp_path).glucose.glucose).all()


def test_marks_of_readings_beyond_the_range_are_no_glucose(tmp_path: Path) -> None:
    rows = [*READINGS, "2024-05-02 00:00,2001,S1", "2024-05-02 00:05,1,S1", "2024-05-02 00:10,High,S1"]
    found = read(written(tmp_path, {CGM_FILE: table(CGM, rows)}))
    assert list(found.glucose.glucose[-3:]) == [401.0, 39.0, 401.0]


def test_mmol_per_litre_is_converted_as_the_column_says(tmp_path: Path) -> None:
    rows = [f"2024-05-01 {n // 12:02}:{n % 12 * 5:02},{5 + n % 40 / 10},S1" for n in range(100)]
    found = read(written(tmp_path, {CGM_FILE: table(CGM.replace("mg/dl", "mmol/l"), rows)}))
    assert found.glucose.glucose[0] == pytest.approx(90.08, abs=0.01)


def test_a_german_export_with_decimal_commas_is_read(tmp_path: Path) -> None:
    cgm = [f'01.05.2024 {n // 12:02}:{n % 12 * 5:02},"1{n % 9}0,0",S1' for n in range(50)]
    basal = ['01.05.2024 00:00,Eingeplant,60,,"0,85",,P1']
    bolus = ['01.05.2024 00:10,Normal,"0,0","45,0",,"4,50","4,50","0,00",P1']
    files = {
        CGM_FILE: table("Zeitstempel,CGM-Glukosewert (mg/dl),Seriennummer", cgm),
        BASAL_FILE: table(
            "Zeitstempel,Insulin-Typ,Dauer (Minuten),Prozentsatz (%),Rate,Abgegebenes Insulin (E),Seriennummer", basal
        ),
        BOLUS_FILE: table(
            "Zeitstempel,Insulin-Typ,Blutzuckereingabe (mg/dl),Kohlenhydrataufnahme (g),Kohlenhydratverhältnis,"
            "Abgegebenes Insulin (E),Anfängliche Abgabe (E),Verzögerte Abgabe (E),Seriennummer",
            bolus,
        ),
    }
    found = read(written(tmp_path, files), extra_features=["carbohydrates"])
    assert (len(found.glucose), float(found.basal.rate[0]), float(found.bolus.dose[0])) == (50, 0.85, 4.5)
    assert float(found.extra["carbohydrates"].amount[0]) == 45.0


def test_a_dutch_export_is_read(tmp_path: Path) -> None:
    cgm = [f'01-05-2024 {n // 12:02}:{n % 12 * 5:02},"{5 + n % 9 / 10:.1f}",S1'.replace(".", ",") for n in range(50)]
    basal = ['01-05-2024 00:00,Gepland,60,,"0,85",,P1', "01-05-2024 01:00,Onderbreken,30,,,,P1"]
    bolus = ['13-05-2024 00:10,Normaal,"0,0","45,0",,"4,50","4,50","0,00",P1']
    files = {
        CGM_FILE: table("Tijdstempel,CGM-glucosewaarde (mmol/l),Serienummer", cgm),
        BASAL_FILE: table(
            "Tijdstempel,Insulinetype,Duur (minuten),Percentage (%),Hoeveelheid,Toegediende insuline (eenh.),"
            "Serienummer",
            basal,
        ),
        BOLUS_FILE: table(
            "Tijdstempel,Insulinetype,Invoer bloedglucose (mmol/l),Invoer koolhydraatverbruik (g),Koolhydraatratio,"
            "Toegediende insuline (eenh.),Eerste toediening (eenh.),Uitgebreide toediening (eenh.),Serienummer",
            bolus,
        ),
    }
    found = read(written(tmp_path, files), date_order="day_first")
    assert (len(found.glucose), found.basal.rate[:2].tolist(), found.bolus.dose.tolist()) == (50, [0.85, 0.0], [4.5])


def test_a_rate_holds_for_its_duration_and_is_unknown_after_it(tmp_path: Path) -> None:
    found = insulin(tmp_path, ["2024-05-01 02:00,Scheduled,30,,0.60,,P1", "2024-05-01 02:30,Scheduled,60,,0.80,,P1"])
    assert rates(found)[:2] == [("05-01T01:00", 0.6), ("05-01T01:30", 0.8)]
    assert np.isnan(dict(rates(found))["05-01T02:30"])


def test_units_delivered_count_before_a_rate(tmp_path: Path) -> None:
    found = insulin(tmp_path, ["2024-05-01 02:00,Automated,5,,,0.10,P1", "2024-05-01 02:05,Automated,5,,9.0,0.05,P1"])
    assert [rate for _, rate in rates(found)][:2] == pytest.approx([1.2, 0.6])


def test_a_row_without_a_duration_is_unknown_and_counted_unless_no_row_has_one(tmp_path: Path) -> None:
    some = ["2024-05-01 02:00,Scheduled,60,,0.80,,P1", "2024-05-01 03:00,Scheduled,,,0.50,,P1"]
    found = insulin(tmp_path / "some", some)
    assert np.isnan(dict(rates(found))["05-01T02:00"])
    assert found.repairs.named[RepairKind.unreadable_rows, "basal without a duration"] == 1
    none = insulin(tmp_path / "none", [row.replace(",60,", ",,") for row in some])
    assert rates(none)[:2] == [("05-01T01:00", 0.8), ("05-01T02:00", 0.5)]


def test_a_table_that_lost_a_column_is_not_taken_for_another(tmp_path: Path) -> None:
    rows = ["2024-05-01 02:00,Scheduled,60,,,0.80,P1"]
    files = {CGM_FILE: table(CGM, READINGS), BASAL_FILE: table(BASAL.replace("Duration (minutes)", "Dura"), rows)}
    with pytest.raises(DataError, match="columns are those of bolus, but the file is called as one of basal"):
        read(written(tmp_path, files))


def test_a_suspension_within_a_longer_row_interrupts_it(tmp_path: Path) -> None:
    rows = ["2024-05-01 02:00,Scheduled,240,,0.80,,P1", "2024-05-01 03:00,Suspend,30,,,,P1"]
    assert rates(insulin(tmp_path, rows))[:3] == [("05-01T01:00", 0.8), ("05-01T02:00", 0.0), ("05-01T02:30", 0.8)]


def test_a_row_without_rate_and_units_is_unknown_and_counted(tmp_path: Path) -> None:
    found = insulin(tmp_path, ["2024-05-01 02:00,Temporary,30,150,,,P1", "2024-05-01 03:00,Scheduled,0,,,0.40,P1"])
    assert np.isnan(found.basal.rate).all()
    assert found.repairs.named[RepairKind.unreadable_rows, "basal without a rate"] == 1
    assert found.repairs.named[RepairKind.unreadable_units, "basal of no duration"] == 0.4


@pytest.mark.parametrize(
    ("delivered", "initial", "extended", "at_once", "later"),
    [
        ("5.40", "", "", 5.4, 0.0),
        ("5.40", "5.40", "0.00", 5.4, 0.0),
        ("6.00", "2.00", "4.00", 2.0, 4.0),
        ("4.00", "0.00", "4.00", 0.0, 4.0),
        ("3.00", "2.00", "4.00", 2.0, 1.0),
        ("", "2.00", "4.00", 2.0, 4.0),
    ],
)
def test_a_bolus_is_what_was_delivered_of_its_parts(
    tmp_path: Path, delivered: str, initial: str, extended: str, at_once: float, later: float
) -> None:
    row = f"2024-05-01 08:00,Normal,0,30,10,{delivered},{initial},{extended},P1"
    found = insulin(tmp_path, bolus=[row], extended_minutes=90)
    doses = {float(minutes): float(dose) for dose, minutes in zip(found.bolus.dose, found.bolus.minutes, strict=True)}
    assert doses == {m: d for m, d in ((0.0, at_once), (90.0, later)) if d}
    assert found.repairs[RepairKind.extended_duration_unknown_units] == later


def test_overlapping_exports_count_once(tmp_path: Path) -> None:
    basal = [f"2024-05-01 {n:02}:00,Scheduled,60,,0.{n + 10},,P1" for n in range(12)]
    bolus = [f"2024-05-01 {n:02}:10,Normal,0,0,,{n}.5,,,P1" for n in range(12)]

    def export(first: int, last: int) -> dict[str, str]:
        return {
            CGM_FILE: table(CGM, READINGS[first * 12 : last * 12]),
            BASAL_FILE: table(BASAL, basal[first:last]),
            BOLUS_FILE: table(BOLUS, bolus[first:last]),
        }

    written(tmp_path / "two" / "b", export(0, 8))
    written(tmp_path / "two" / "a", export(4, 12))
    (tmp_path / "two" / CGM_FILE).write_text(table(CGM, READINGS[:1]))
    found, whole = read(tmp_path / "two"), read(written(tmp_path / "whole", export(0, 12)))
    assert rates(found)[:12] == rates(whole)[:12]
    assert found.bolus.dose.sum() == whole.bolus.dose.sum()
    assert len(found.glucose) == len(whole.glucose)


def test_daily_totals_are_held_against_what_was_imported(tmp_path: Path) -> None:
    files = {
        CGM_FILE: table(CGM, READINGS),
        BASAL_FILE: table(BASAL, ["2024-05-01 00:00,Scheduled,1440,,1.00,,P1"]),
        BOLUS_FILE: table(BOLUS, ["2024-05-01 08:00,Normal,0,0,,6.0,,,P1"]),
        TOTALS_FILE: table(TOTALS, ["2024-05-01 23:59,10.0,34.0,24.0,P1"]),
    }
    stated = read(written(tmp_path, files)).stated
    assert dict(zip(stated.kinds, stated.units, strict=True)) == {"all_insulin": 34.0, "bolus": 10.0, "basal": 24.0}
    assert (str(stated.starts[0]), str(stated.ends[0])) == ("2024-04-30T23:00:00", "2024-05-01T23:00:00")


def test_insulin_written_down_by_hand_is_counted(tmp_path: Path) -> None:
    manual = table("Timestamp,Name,Value,Insulin Type", ["2024-05-01 22:00,Lantus,20,Basal"])
    files = {CGM_FILE: table(CGM, READINGS), "Manual data/manual_insulin_data_1.csv": manual}
    found = read(written(tmp_path, files))
    assert found.repairs.named[RepairKind.unreadable_rows, "insulin written down by hand"] == 1
    assert found.repairs.named[RepairKind.unreadable_units, "insulin written down by hand"] == 20


def test_columns_in_another_language_are_refused_in_words(tmp_path: Path) -> None:
    rows = {CGM_FILE: table("Horodatage,Valeur de glucose CGM (mg/dl),Numéro de série", READINGS)}
    with pytest.raises(DataError, match="the columns are not known: Horodatage") as caught:
        read(written(tmp_path, rows))
    assert "English, German or Dutch" in caught.value.todo


def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="400 U/h cannot be") as caught:
        insulin(tmp_path, ["2024-05-01 02:00,Scheduled,30,,400,,P1"])
    assert caught.value.line == 3


def test_dates_that_may_be_read_either_way_need_the_setting(tmp_path: Path) -> None:
    rows = [row.replace("2024-05-01", "05/01/2024") for row in READINGS]
    root = written(tmp_path, {CGM_FILE: table(CGM, rows)})
    with pytest.raises(SettingsError, match=r"data\.glooko\.date_order"):
        read(root)
    assert str(read(root, date_order="month_first").glucose.times[0]) == "2024-04-30T23:00:00"


def test_a_missing_zone_and_a_folder_without_exports_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data\.glooko\.time_zone is not set"):
        read(tmp_path, time_zone="")
    with pytest.raises(DataError, match="holds no files of an export of Glooko"):
        read(tmp_path)


def test_a_damaged_zip_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "anna.zip").write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(DataError, match="the zip file cannot be read"):
        read(tmp_path / "anna.zip")


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[int, int, float]:
    """Minutes without basal, minutes of delivery, and the U delivered in them: at most 10 U/h, as pumps deliver."""
    minutes = draw(st.integers(1, 120))
    return draw(st.integers(0, 90)), minutes, draw(st.integers(0, min(100, minutes * 1000 // 60))) / 100


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    basal=st.lists(deliveries(), min_size=1, max_size=12), bolus=st.lists(st.integers(1, 900), max_size=12, unique=True)
)
def test_units_in_the_files_are_units_in_the_records(
    tmp_path: Path, basal: list[tuple[int, int, float]], bolus: list[int]
) -> None:
    rows, minute = [], 0
    for pause, minutes, units in basal:
        # A pause of a minute or two is none: times are whole minutes.
        minute += pause if pause > 2 else 0
        rows.append(f"{clock(minute)},Automated,{minutes},,,{units:.2f},P1")
        minute += minutes
    boluses = [f"{clock(at)},Normal,0,0,,{at / 100:.2f},,,P1" for at in bolus]
    readings = [f"{clock(5 * n - 60)},{100 + n % 40}.0,S1" for n in range(12 * 32)]
    files = {CGM_FILE: table(CGM, readings), BASAL_FILE: table(BASAL, rows), BOLUS_FILE: table(BOLUS, boluses)}
    records, repairs = records_from_events(read(written(tmp_path, files)), max_gap_hours=15.0)
    rate, dose = records.feature(Feature.basal_rate), records.feature(Feature.bolus_dose)
    assert np.nansum(dose) == pytest.approx(sum(at / 100 for at in bolus), abs=0.01)
    assert np.nansum(rate) / 12 == pytest.approx(sum(units for *_, units in basal), abs=0.01)
    assert repairs[RepairKind.insulin_outside_records] == 0


def clock(minute: int) -> str:
    """Local time so many minutes after the first midnight of a winter without a change of clocks."""
    return str(np.datetime64("2024-01-15T00:00") + np.timedelta64(minute, "m")).replace("T", " ")


EXPORT = (
    table(BASAL, [f"2024-05-01 {n:02}:00,Scheduled,{60 if n % 5 else 45},,0.{n + 10},,P1" for n in range(12)]),
    table(BOLUS, [f"2024-05-01 {n:02}:10,Normal,0,30,10,{n + 1}.5,,,P1" for n in range(12)]),
)
MUTATIONS = 60
"""In every run of the tests. 1,000 were tried when the reader was made."""


def tried(folder: Path, place: int, seeds: range) -> list[tuple[int, str]]:
    """The seeds whose damage to one of the two tables is read otherwise than the table says, or takes long, and how."""
    name = (BASAL_FILE, BOLUS_FILE)[place]
    files = {CGM_FILE: table(CGM, READINGS), BASAL_FILE: EXPORT[0], BOLUS_FILE: EXPORT[1]}

    def reader(text: str) -> PumpEvents | None:
        try:
            return read(written(folder, {**files, name: text}))
        except BloodTwinError:
            return None

    whole, found = reader(EXPORT[place]), []
    assert whole is not None
    for seed in seeds:
        change = damaged(EXPORT[place], random.Random(f"glooko {place} {seed}"))
        started = time.monotonic()
        if other := silently_other(reader, EXPORT[place], whole, change):
            found.append((seed, other))
        if time.monotonic() - started > 10:
            found.append((seed, "took long"))
    return found


@pytest.mark.parametrize("place", [0, 1])
def test_a_damaged_table_is_refused_or_read_as_the_original_says(tmp_path: Path, place: int) -> None:
    assert tried(tmp_path, place, range(MUTATIONS)) == []
