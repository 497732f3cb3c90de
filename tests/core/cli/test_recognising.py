"""Sources are told from what lies there."""

import gzip
from pathlib import Path

import pytest

from bloodtwin_core.cli.recognising import place_of
from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.records import Split
from bloodtwin_core.records.split_files import write_split_file
from tests.core.sources.test_device_exports import clarity, egv, kept, libre
from tests.core.tiny import tiny_records


def split_file(folder: Path) -> Path:
    return write_split_file(folder, tiny_records("7"), Split.test)


def of_files(folder: Path, *names: str, content: str = "timestamp,bg,event_type\n") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def fetched(folder: Path, name: str) -> Path:
    path = folder / name / "2026-01-01.csv.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(b"id\n"))
    return folder


def test_each_source_is_recognised(tmp_path: Path) -> None:
    made = {
        "bloodbank": split_file(tmp_path / "a").parents[2],
        "events": of_files(tmp_path / "b", "pump_7/cgmreading_1.csv"),
        "vendor": of_files(tmp_path / "c", "x.csv", content=clarity([egv("2026-01-31T12:00:00", 120)])),
        "nightscout": fetched(tmp_path / "d", "nightscout_anna"),
        "tandem": fetched(tmp_path / "e", "tandem_881235"),
        "azt1d": of_files(tmp_path / "f", "CGM Records/Subject 1/Subject 1.csv"),
        "brist1d": of_files(tmp_path / "g", "P02.csv"),
        "t1d_uom": of_files(tmp_path / "h", "Glucose Data/UoMGlucose2301.csv"),
        "tidepool": of_files(
            tmp_path / "i", "ann/data.json", content='[{"type": "cbg", "deviceId": "G6", "value": 5}]'
        ),
        "nightscout_dump": of_files(tmp_path / "j", "7_entries.json", content='[{"sgv": 120}]'),
        "ohio_t1dm": of_files(
            tmp_path / "k", "2018/train/559-ws-training.xml", content='<patient id="559" weight="9">'
        ),
        "apple_health": of_files(tmp_path / "l", "Export.xml", content="<!DOCTYPE HealthData ["),
    }
    assert {name: place_of([str(folder)]).source for name, folder in made.items()} == {name: name for name in made}


def test_files_and_single_pumps_are_recognised(tmp_path: Path) -> None:
    path = split_file(tmp_path)
    assert place_of([str(path)]).source == "bloodbank"
    place = place_of([str(tmp_path / "pump_7")])
    assert (place.source, place.root) == ("bloodbank", (tmp_path.resolve(), ["7"]))
    export = of_files(tmp_path / "x", "l.csv", content=libre([kept("11-12-2024 09:40", 120)])) / "l.csv"
    assert place_of([str(export), str(export)]).source == "vendor"
    with pytest.raises(SettingsError, match="of several sources"):
        place_of([str(path), str(export)])


def test_an_address_is_a_site() -> None:
    place = place_of(["HTTPS://site.example"])
    assert (place.source, place.address, place.paths) == ("nightscout", "HTTPS://site.example", ())


def test_what_nobody_knows_is_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(SettingsError, match="Name it with --source"):
        place_of([str(tmp_path)])
    assert place_of([str(tmp_path)], "vendor").source == "vendor"
    with pytest.raises(DataError, match="no such file or folder"):
        place_of([str(tmp_path / "nowhere")])
