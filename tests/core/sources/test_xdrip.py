"""Exports of xDrip+, made for the purpose after the app's public source."""

import json
import random
import sqlite3
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import Feature
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.xdrip.importer import events
from tests.core.sources.device_exports.mutations import damaged, silently_other

HEADER = "DAY;TIME;UDT_CGMS;BG_LEVEL;CH_GR;BOLUS;REMARK"
START = 1_714_521_600
"""2024-05-01T00:00:00Z."""
READINGS = [(START + 300 * n, 100.0 + n % 30) for n in range(288)]
Treatment = dict[str, Any]


def csv(glucose: int = 100, treatments: list[str] | None = None) -> str:
    rows = [f"01.05.2024;{n // 12:02}:{n % 12 * 5:02};{glucose + n % 30};;;;" for n in range(288)]
    return "\n".join([HEADER, *rows, "01.05.2024;07:00;;150;;;", *(treatments or []), ""])


def database(path: Path, treatments: list[Treatment], readings: list[tuple[Any, Any]] | None = None) -> Path:
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE BgReadings (_id INTEGER PRIMARY KEY, timestamp INTEGER, calculated_value REAL)")
    made.execute(
        "CREATE TABLE Treatments (_id INTEGER PRIMARY KEY, timestamp INTEGER, eventType TEXT, enteredBy TEXT, "
        "notes TEXT, uuid TEXT, carbs REAL, insulin REAL, insulinJSON TEXT, created_at TEXT)"
    )
    stated = [(t * 1000, g) for t, g in READINGS] if readings is None else readings
    made.executemany("INSERT INTO BgReadings (timestamp, calculated_value) VALUES (?, ?)", stated)
    for place, treatment in enumerate(treatments):
        row = {"eventType": "<none>", "uuid": f"u{place}", "enteredBy": "xdrip pos:1.0", **treatment}
        names = ", ".join(row)
        made.execute(f"INSERT INTO Treatments ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    made.commit()
    made.close()
    return path


def read(root: Path, **more: Any) -> PumpEvents:
    zone = more.pop("time_zone", "Europe/London")
    (found,) = events(data_settings(source="xdrip", root=str(root), xdrip={"time_zone": zone}, **more))
    return found


def read_csv(folder: Path, text: str, **more: Any) -> PumpEvents:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "export.csv").write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    return read(folder, **more)


def test_csv_readings_are_local_times_and_mg_per_dl(tmp_path: Path) -> None:
    found = read_csv(tmp_path / "anna", csv())
    assert (len(found.glucose), found.pump_id, found.wearer_zone) == (288, "anna", "Europe/London")
    assert (str(found.glucose.times[0]), found.glucose.glucose[0]) == ("2024-04-30T23:00:00", 100.0)


def test_csv_treatments_are_boluses_and_carbohydrates_and_calibrations_are_neither(tmp_path: Path) -> None:
    rows = ["01.05.2024;08:00;;;45;4.5;lunch; or; so", "01.05.2024;22:00;;;;20;Lantus", "01.05.2024;23:00;;;;;note"]
    found = read_csv(tmp_path, csv(treatments=rows), extra_features=["carbohydrates"])
    assert list(found.bolus.dose) == [4.5]
    assert list(found.extra["carbohydrates"].amount) == [45.0]
    assert found.repairs[RepairKind.long_acting_units] == 20.0
    assert len(found.glucose) == 288


def test_basal_is_unknown_since_xdrip_keeps_none(tmp_path: Path) -> None:
    records, _ = records_from_events(read_csv(tmp_path, csv()), max_gap_hours=15.0)
    assert np.isnan(records.feature(Feature.basal_rate)).all()
    assert np.isnan(records.feature(Feature.bolus_dose)).all()


def test_the_database_is_in_utc_and_needs_no_zone(tmp_path: Path) -> None:
    treatments = [{"timestamp": (START + 3600) * 1000, "insulin": 4.5, "carbs": 30.0}]
    database(tmp_path / "export.sqlite", treatments)
    found = read(tmp_path, time_zone="")
    assert str(found.glucose.times[0]) == "2024-05-01T00:00:00"
    assert (str(found.bolus.times[0]), found.bolus.dose[0]) == ("2024-05-01T01:00:00", 4.5)


def test_long_acting_insulin_among_several_is_no_bolus(tmp_path: Path) -> None:
    injections = json.dumps([{"insulin": "Novorapid", "units": 5.0}, {"insulin": "Lantus", "units": 20.0}])
    treatment = {"timestamp": START * 1000, "insulin": 25.0, "insulinJSON": injections}
    found = read(database(tmp_path / "export.sqlite", [treatment]))
    assert list(found.bolus.dose) == [5.0]
    assert found.repairs[RepairKind.long_acting_units] == 20.0


def test_error_values_and_rows_without_a_number_are_counted(tmp_path: Path) -> None:
    readings = [*((t * 1000, g) for t, g in READINGS), (START * 1000 + 1, 38.0), (None, 120.0), (START * 1000, "x")]
    found = read(database(tmp_path / "export.sqlite", [], readings))
    assert len(found.glucose) == 288
    assert found.repairs[RepairKind.error_codes] == 1
    assert found.repairs[RepairKind.unreadable_rows] == 2


def test_a_zip_file_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "exportCSV.zip", "w") as packed:
        packed.writestr("export20240501-120000.csv", csv())
    assert len(read(tmp_path / "exportCSV.zip").glucose) == 288


def test_two_exports_of_the_same_days_count_once(tmp_path: Path) -> None:
    treatment = {"timestamp": START * 1000, "insulin": 2.0}
    for name in ("a.sqlite", "b.sqlite"):
        database(tmp_path / name, [treatment])
    found = read(tmp_path)
    assert (len(found.glucose), float(found.bolus.dose.sum())) == (288, 2.0)


def test_a_database_beside_csv_files_is_refused(tmp_path: Path) -> None:
    database(tmp_path / "export.sqlite", [])
    with pytest.raises(DataError, match="a database and other files") as caught:
        read_csv(tmp_path, csv())
    assert "database alone" in caught.value.todo


def test_a_csv_file_without_a_zone_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data\.xdrip\.time_zone is not set"):
        read_csv(tmp_path, csv(), time_zone="")


@pytest.mark.parametrize("text", ["a;b;c\n1;2;3\n", ""])
def test_another_csv_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"no export of xDrip\+"):
        read_csv(tmp_path, text)


def test_a_database_of_another_app_is_refused(tmp_path: Path) -> None:
    made = sqlite3.connect(tmp_path / "other.db")
    made.execute("CREATE TABLE readings (timestamp INTEGER)")
    made.commit()
    made.close()
    with pytest.raises(DataError, match="no readings of xDrip"):
        read(tmp_path)


TREATED = csv(treatments=[f"01.05.2024;{n + 6:02}:10;;;{10 * n + 10};{n + 1}.5;" for n in range(12)])
MUTATIONS = 60
"""In every run of the tests. 1,000 were tried when the reader was made."""


def tried(folder: Path, seeds: range) -> list[tuple[int, str]]:
    """The seeds whose damage to the CSV file is read otherwise than the file says, or takes long, and how."""

    def reader(text: str) -> PumpEvents | None:
        try:
            return read_csv(folder, text)
        except BloodTwinError:
            return None

    whole, found = reader(TREATED), []
    assert whole is not None
    for seed in seeds:
        change = damaged(TREATED, random.Random(f"xdrip {seed}"))
        started = time.monotonic()
        if other := silently_other(reader, TREATED, whole, change):
            found.append((seed, other))
        if time.monotonic() - started > 10:
            found.append((seed, "took long"))
    return found


def test_a_damaged_csv_file_is_refused_or_read_as_the_original_says(tmp_path: Path) -> None:
    assert tried(tmp_path, range(MUTATIONS)) == []


def tried_databases(folder: Path, seeds: range) -> tuple[int, list[tuple[int, str]]]:
    """How many of the damaged databases are read, and those that are read otherwise than the original says.

    A byte is of one row at most, since pages that do not hold together are refused: as many rows may say something
    else, but none may be gone without being counted.
    """
    treatments = [{"timestamp": (START + 3600 * n) * 1000, "insulin": n + 0.5} for n in range(12)]
    original = database(folder / "whole.sqlite", treatments)
    content, whole = original.read_bytes(), _rows(read(original))
    understood, other = 0, []
    damaged_file = folder / "damaged" / "export.sqlite"
    damaged_file.parent.mkdir()
    for seed in seeds:
        rng, changed = random.Random(f"database {seed}"), bytearray(content)
        bytes_changed = rng.randint(1, 20)
        for _ in range(bytes_changed):
            changed[rng.randrange(16, len(changed))] = rng.randrange(256)
        damaged_file.write_bytes(changed[: rng.choice([len(changed), rng.randrange(len(changed))])])
        try:
            found = read(damaged_file.parent)
        except BloodTwinError:
            continue
        understood += 1
        lost, new = whole - _rows(found), _rows(found) - whole
        counted = sum(count for _, count in found.repairs)
        if lost.total() > bytes_changed or new.total() > bytes_changed or lost.total() > new.total() + counted:
            other.append((seed, f"{bytes_changed} bytes: lost {lost}, new {new}, counted {counted}"))
    return understood, other


def _rows(found: PumpEvents) -> Counter[tuple[object, ...]]:
    kinds = ((found.glucose.times, found.glucose.glucose), (found.bolus.times, found.bolus.dose))
    return Counter(row for kind in kinds for row in zip(*(column.tolist() for column in kind), strict=True))


def test_a_damaged_database_is_refused_or_read_as_the_original_says(tmp_path: Path) -> None:
    understood, other = tried_databases(tmp_path, range(MUTATIONS))
    assert 0 < understood < MUTATIONS
    assert other == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [("DROP TABLE Treatments", "no table"), ("ALTER TABLE Treatments RENAME insulin TO dose", "no column insulin")],
)
def test_a_database_without_treatments_is_refused(sql: str, words: str, tmp_path: Path) -> None:
    made = sqlite3.connect(database(tmp_path / "export.sqlite", []))
    made.execute(sql)
    made.commit()
    made.close()
    with pytest.raises(DataError, match=words):
        read(tmp_path)
