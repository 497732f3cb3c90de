"""Each trap of the T1D-UOM files, on tiny files made here."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L, UnitsError
from bloodtwin_core.records import Feature
from bloodtwin_core.sources.t1d_uom.importer import delivered_once, events

BEGIN = datetime(2024, 1, 10)
GLUCOSE, BASAL, BOLUS = "bg_ts,value", "basal_ts,basal_dose,insulin_kind", "bolus_ts,bolus_dose"
FOLDERS = {"Glucose": "Glucose Data", "Basal": "Insulin Data/Basal Data", "Bolus": "Insulin Data/Bolus Data"}


def stamp(time: datetime) -> str:
    return f"{time:%d/%m/%Y %H:%M}"


def readings(count: int = 24, begin: datetime = BEGIN, minutes: int = 5, value: float = 6.5) -> list[str]:
    """Readings that wander by 0.1 around value: a long run of one number would be a placeholder."""
    times = [begin + timedelta(minutes=minutes * n) for n in range(count)]
    return [f"{stamp(time)},{value + 0.1 * (n % 3 - 1):.1f}" for n, time in enumerate(times)]


def write(
    root: Path,
    person: str = "2301",
    glucose: list[str] | None = None,
    basal: list[str] | None = None,
    bolus: list[str] | None = None,
) -> Path:
    """A person's files in the layout of the published folder; a list left out keeps a usable one."""
    parts = {
        "Glucose": [GLUCOSE, *(readings() if glucose is None else glucose)],
        "Basal": [BASAL, *([f"{stamp(BEGIN)},0.8,R"] if basal is None else basal)],
        "Bolus": [BOLUS, *(bolus or [])],
    }
    for kind, lines in parts.items():
        folder = root / FOLDERS[kind]
        folder.mkdir(parents=True, exist_ok=True)
        # The published files begin with a byte order mark and have Windows line ends.
        (folder / f"UoM{kind}{person}.csv").write_text("\r\n".join([*lines, ""]), encoding="utf-8-sig", newline="")
    return root


def imported(root: Path, **files: list[str]) -> PumpEvents:
    (person,) = events(DataSettings(source="t1d_uom", root=str(write(root, **files))))  # type: ignore[arg-type]
    return person


def utc(*texts: str) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts]


def test_glucose_is_mmol_and_dates_are_day_first_in_uk_time(tmp_path: Path) -> None:
    summer = datetime(2024, 5, 4, 0, 0)
    found = imported(tmp_path, glucose=readings(3, summer), basal=[f"{stamp(summer)},0.8,R"])
    assert found.glucose.glucose == pytest.approx(np.array([6.4, 6.5, 6.6]) * MG_PER_DL_PER_MMOL_PER_L)
    assert found.glucose.times.tolist() == utc("2024-05-03T23:00", "2024-05-03T23:05", "2024-05-03T23:10")


def test_the_hour_that_occurs_twice_is_told_by_the_order_of_rows(tmp_path: Path) -> None:
    night = datetime(2023, 10, 29, 1, 0)
    rows = readings(12, night, value=5.5) + readings(12, night, value=9.9)
    found = imported(tmp_path, glucose=rows, basal=["28/10/2023 23:00,0.8,R"])
    assert np.all(np.diff(found.glucose.times) == np.timedelta64(300, "s"))
    assert len(found.glucose) == 24


def test_repeated_readings_are_taken_once_and_counted(tmp_path: Path) -> None:
    found = imported(tmp_path, glucose=readings(24) + readings(24))
    assert len(found.glucose) == 24
    assert found.repairs[RepairKind.repeated_events] == 24


def test_rates_are_carried_forward_and_a_suspension_is_0(tmp_path: Path) -> None:
    basal = ["10/01/2024 00:00,1.725,R", "10/01/2024 00:00,0.6,R", "10/01/2024 01:00,0,R", "10/01/2024 01:30,1.2,R"]
    records, _ = records_from_events(imported(tmp_path, basal=basal), 15.0)
    rate = dict(zip(records.timestamps.tolist(), records.feature(Feature.basal_rate), strict=True))
    moments = utc("2024-01-10T00:30", "2024-01-10T01:00", "2024-01-10T01:30", "2024-01-10T01:55")
    assert [rate[moment] for moment in moments] == pytest.approx([0.6, 0.6, 0.0, 1.2])


def test_a_rate_is_unknown_after_a_day_without_any_and_readings_are_left_out_there(tmp_path: Path) -> None:
    glucose = readings(5 * 288)
    found = imported(tmp_path, glucose=glucose, basal=["10/01/2024 12:00,0.8,R", "13/01/2024 00:00,0.9,R"])
    assert found.basal.times.tolist() == utc(
        "2024-01-10T12:00", "2024-01-11T13:00", "2024-01-13T00:00", "2024-01-14T01:00"
    )
    assert found.basal.rate == pytest.approx([0.8, np.nan, 0.9, np.nan], nan_ok=True)
    hours = (found.glucose.times - np.datetime64("2024-01-10T00:00:00")) / np.timedelta64(3600, "s")
    assert np.all(((hours >= 12) & (hours < 37)) | ((hours >= 72) & (hours < 97)))
    assert len(found.glucose) == (25 + 25) * 12


def test_an_injection_is_no_basal_rate(tmp_path: Path) -> None:
    found = imported(tmp_path, basal=["10/01/2024 00:00,0.8,R", "10/01/2024 00:30,18,L"])
    assert found.basal.rate.tolist() == [0.8]


def test_boluses_are_taken_once_where_the_pump_logged_begin_and_end(tmp_path: Path) -> None:
    logged = [("14:10", 10), ("14:16", 10), ("16:02", 3.325), ("16:04", 3.325), ("17:57", 16.15), ("18:08", 16.15)]
    rows = [f"10/01/2024 {time},{dose}" for time, dose in logged]
    found = imported(tmp_path, bolus=[*rows, "10/01/2024 20:00,", "10/01/2024 20:30,0", "10/01/2024 21:00,2.1"])
    assert found.bolus.dose.tolist() == [10, 3.325, 16.15, 2.1]
    assert found.bolus.minutes.tolist() == [6, 2, 11, 0]
    assert found.repairs[RepairKind.repeated_events] == 3
    assert found.repairs[RepairKind.unreadable_rows] == 1


def test_two_boluses_alike_stay_two_where_the_file_does_not_log_twice() -> None:
    times = np.datetime64("2024-01-10T10:00:00") + np.array([0, 2, 60, 120, 180]) * np.timedelta64(60, "s")
    kept, minutes = delivered_once(times, np.array([3.0, 3.0, 1.0, 2.0, 5.0]))
    assert kept.all()
    assert not minutes.any()


@given(
    doses=st.lists(st.integers(1, 25).map(float), min_size=1, max_size=20),
    twice=st.booleans(),
)
def test_insulin_is_counted_once_however_it_was_logged(doses: list[float], twice: bool) -> None:
    begun = np.datetime64("2024-01-10T00:00:00") + np.arange(len(doses)) * np.timedelta64(3600, "s")
    dose = np.array(doses)
    ended = begun + np.floor(dose / 1.5 * 60).astype("timedelta64[s]")
    times, logged = (np.concatenate([begun, ended]), np.tile(dose, 2)) if twice else (begun, dose)
    order = np.argsort(times, kind="stable")
    times = (times[order] - np.datetime64(0, "s")) // np.timedelta64(60, "s") * np.timedelta64(60, "s")
    kept, minutes = delivered_once(np.datetime64(0, "s") + times, logged[order])
    assert logged[order][kept].sum() == pytest.approx(sum(doses))
    assert (minutes[kept] >= 0).all()


UNUSABLE = {
    "injects long-acting insulin": {"basal": ["10/01/2024 21:00,18,L"]},
    "has a reading every 15 minutes only": {"glucose": readings(96, minutes=15)},
    "has no glucose readings": {"glucose": ["10/01/2024 21:00,"]},
}


@pytest.mark.parametrize(("reason", "files"), UNUSABLE.items())
def test_who_is_not_usable_is_left_out_and_named(
    reason: str, files: dict[str, list[str]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(write(tmp_path), "2302", **files)
    settings = DataSettings(source="t1d_uom", root=str(tmp_path))
    with caplog.at_level(logging.WARNING, "bloodtwin_core.sources.t1d_uom.importer"):
        assert [found.pump_id for found in events(settings)] == ["2301"]
    assert f"person 2302 {reason}" in caplog.text
    with pytest.raises(DataError, match=f"person 2302 {reason}"):
        list(events(settings.model_copy(update={"pump_ids": ["2302"]})))


def test_a_person_without_a_basal_file_is_not_usable(tmp_path: Path) -> None:
    (write(tmp_path) / "Insulin Data/Basal Data/UoMBasal2301.csv").unlink()
    with pytest.raises(DataError, match="nobody has a pump and a reading every five minutes"):
        list(events(DataSettings(source="t1d_uom", root=str(tmp_path))))


def test_the_folder_that_unpacking_makes_is_found(tmp_path: Path) -> None:
    write(tmp_path / "sharpic-ManchesterCSCoordinatedDiabetesStudy-ea52718")
    assert [found.pump_id for found in events(DataSettings(source="t1d_uom", root=str(tmp_path)))] == ["2301"]


def test_settings_that_are_wrong_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data\.root is not set"):
        list(events(DataSettings(source="t1d_uom")))
    with pytest.raises(DataError, match="the folder does not exist"):
        list(events(DataSettings(source="t1d_uom", root=str(tmp_path / "none"))))
    with pytest.raises(DataError, match="the folder holds no 'Glucose Data'"):
        list(events(DataSettings(source="t1d_uom", root=str(tmp_path))))
    with pytest.raises(DataError, match=r"person 7 has no glucose file; there are 2301\. Correct data\.pump_ids"):
        list(events(DataSettings(source="t1d_uom", root=str(write(tmp_path)), pump_ids=["7"])))


BROKEN: list[tuple[dict[str, list[str]], str]] = [
    (
        {"glucose": [*readings(3), "01/13/2024 00:20,6.5"]},
        r"UoMGlucose2301\.csv, line 5, column bg_ts: '01/13/2024 00:20'",
    ),
    ({"glucose": [*readings(3), ",6.5"]}, "line 5, column bg_ts: the row has no timestamp"),
    ({"glucose": [*readings(3), "10/01/2024 00:20,high"]}, "line 5, column value: 'high' is not a number"),
    ({"glucose": [*readings(3), "10/01/2024 00:20,0"]}, "line 5, column value: 0 cannot be a glucose"),
    (
        {"basal": ["10/01/2024 00:00,0.8,R", "10/01/2024 00:05,-1,R"]},
        "line 3, column basal_dose: -1 cannot be negative",
    ),
    ({"basal": ["10/01/2024 00:00,0.8,R", "10/01/2024 00:05,800,R"]}, "line 3, column basal_dose: 800 is impossible"),
    ({"basal": ["10/01/2024 00:00,0.8,R", "10/01/2024 00:05,1,X"]}, "line 3, column insulin_kind: 'X' is neither R"),
    ({"bolus": ["10/01/2024 00:00,150"]}, "line 2, column bolus_dose: 150 is impossible"),
    ({"glucose": []}, "nobody has a pump and a reading every five minutes"),
]


@pytest.mark.parametrize(("files", "message"), BROKEN, ids=[message[-30:] for _, message in BROKEN])
def test_broken_files_are_refused_with_the_place(files: dict[str, list[str]], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        imported(tmp_path, **files)


def test_a_file_in_another_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnitsError, match=r"UoMGlucose2301\.csv, column value: the median glucose is 117"):
        imported(tmp_path, glucose=readings(value=117))


def test_columns_without_a_name_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "Insulin Data/Basal Data/UoMBasal2301.csv"
    path.write_text(f"{BASAL},,\n10/01/2024 00:00,0.8,R,,\n10/01/2024 00:05,0.9,R,,\n,,,,\n", encoding="utf-8-sig")
    (found,) = events(DataSettings(source="t1d_uom", root=str(tmp_path)))
    assert found.basal.rate[:2].tolist() == [0.8, 0.9]


DAMAGE = [
    "",
    "x",
    "-",
    "0",
    "99999",
    "1e308",
    "nan",
    "inf",
    "5,5",
    "５",
    '"',
    ";",
    ",",
    "\n",
    "\r",
    "\x00",
    "#",
    "L",
    "R",
]
DAMAGE += ["31/12/9999 23:59", "01/01/0001 00:00", "29/02/2023 10:00", "31/03/2024 01:30", "27/10/2024 01:30", "24:00"]


@given(data=st.data())
def test_damaged_files_give_an_error_or_events_in_the_right_unit(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write(tmp_path_factory.mktemp("fuzz"), bolus=["10/01/2024 00:30,3.5", "10/01/2024 00:45,2"])
    path = data.draw(st.sampled_from(sorted(folder.glob("**/*.csv"))))
    text = path.read_bytes().decode()
    body = text.index("\n")  # Damage to the short header alone would be found at once, so most of it goes below.
    for _ in range(data.draw(st.integers(1, 3))):
        place, length = (
            data.draw(st.integers(body, len(text)) | st.integers(0, len(text))),
            data.draw(st.integers(0, 4)),
        )
        text = text[:place] + data.draw(st.sampled_from(DAMAGE) | st.text(max_size=3)) + text[place + length :]
    path.write_bytes(text.encode(errors="surrogatepass"))
    try:
        (found,) = events(DataSettings(source="t1d_uom", root=str(folder)))
        records, _ = records_from_events(found, 15.0)
    except BloodTwinError:
        return
    median = np.nanmedian(records.feature(Feature.bg)) / MG_PER_DL_PER_MMOL_PER_L
    assert 6.35 <= median <= 6.65
