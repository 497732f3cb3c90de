"""Sources are told from what lies there."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.cli.history import Asked, history_at
from bloodtwin_core.cli.recognising import place_of
from bloodtwin_core.cli.wearer_clock import clock_of
from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.records import Split
from bloodtwin_core.records.split_files import write_split_file
from bloodtwin_core.sources.registry import source_named
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.brought import Bring, forget, installing, said_besides
from tests.core.sources.device_exports.test_device_exports import clarity, egv, kept, libre
from tests.core.tiny import tiny_records


@pytest.fixture
def brings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Install a package that brings a source, for as long as the test runs."""
    yield installing(tmp_path / "installed", monkeypatch)
    monkeypatch.undo()
    forget()


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


def test_a_folder_without_split_files_that_is_named_as_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no file lstm_"):
        history_at(place_of([str(tmp_path)], "bloodbank"), Asked(data_settings(), None, np.timedelta64(1, "D")))


def test_what_was_fetched_from_a_brought_cloud_is_recognised(brings: Bring, tmp_path: Path) -> None:
    brings(said_besides('signature=Signature(kept="level.txt")'))
    assert place_of([str(of_files(tmp_path / "a", "acme_7/level.txt"))]).source == "acme"
    with pytest.raises(SettingsError, match="Name it with --source"):
        place_of([str(of_files(tmp_path / "b", "acme_7/other.txt"))])


def test_a_data_set_and_a_pump_folder_of_a_brought_source_are_recognised(brings: Bring, tmp_path: Path) -> None:
    brings(said_besides('signature=Signature(contents=("Acme Data",), pump_files=("*.acme",))'))
    assert place_of([str(of_files(tmp_path / "a", "Acme Data/1.csv"))]).source == "acme"
    place = place_of([str(of_files(tmp_path / "b", "pump_7/1.acme") / "pump_7")])
    assert (place.source, place.root) == ("acme", ((tmp_path / "b").resolve(), ["7"]))


def test_files_of_a_brought_source_are_recognised_and_read_one_by_one(brings: Bring, tmp_path: Path) -> None:
    is_file = 'is_file=lambda path: path.suffix == ".acme"'
    of_named = said_besides(f'signature=Signature({is_file}, loose_files=("*.acme",))')
    brings(of_named.replace('"acme_7" / "level.txt").read', '"0_7.acme").read'))
    folder = of_files(tmp_path / "my files", "7.acme", content="120")
    assert place_of([str(folder)]).source == "acme"
    place = place_of([str(folder / "7.acme")])
    history = history_at(place, Asked(data_settings(), None, np.timedelta64(1, "D")))
    assert [part.pump_id for part in history.parts] == ["7"]


def test_the_longest_name_of_a_fetching_source_that_fits_a_folder_tells_it(brings: Bring, tmp_path: Path) -> None:
    brings(said_besides().replace('name="acme"', 'name="tandem_two"'))
    assert place_of([str(fetched(tmp_path / "a", "tandem_two_7"))]).source == "tandem_two"
    assert place_of([str(fetched(tmp_path / "b", "tandem_7"))]).source == "tandem"


def test_of_several_sources_that_read_an_address_one_is_to_be_named(brings: Bring) -> None:
    brings(said_besides('address_setting="clinic"'))
    with pytest.raises(
        SettingsError, match=r"several sources read an address\. Name one with --source: acme, nightscout"
    ):
        place_of(["https://site.example"])
    place = place_of(["https://site.example"], "acme")
    assert (place.source, place.address) == ("acme", "https://site.example")
    settings = source_named("acme").with_address(data_settings(), place.address)
    assert (settings.source, settings.model_dump()["acme"]["clinic"]) == ("acme", "https://site.example")
    with pytest.raises(SettingsError, match="an address is that of the Acme cloud or the wearer's Nightscout site"):
        place_of(["https://site.example"], "azt1d")


def test_a_brought_source_says_whether_it_lacks_a_zone_and_whose_clock_it_goes_by(brings: Bring) -> None:
    brings(said_besides("needs_zone=True", "local_times=True").replace("clinic: str", "time_zone: str"))
    acme = source_named("acme")
    assert acme.lacks_zone(data_settings())
    assert not acme.lacks_zone(data_settings(acme={"time_zone": "Europe/Berlin"}))
    assert clock_of("acme", tiny_records("7"), "").is_local


def test_of_the_sources_here_these_need_a_zone_and_these_are_of_nobody() -> None:
    lacking = {
        name for name in ("vendor", "tandem", "nightscout", "events") if source_named(name).lacks_zone(data_settings())
    }
    assert lacking == {"vendor", "tandem"}
    assert source_named("simulator").virtual
    assert source_named("simulator").local_times
    assert not source_named("azt1d").virtual


def test_what_two_sources_claim_is_said_with_both(brings: Bring, tmp_path: Path) -> None:
    brings(said_besides('signature=Signature(is_file=lambda path: path.suffix == ".csv", loose_files=("*.csv",))'))
    export = of_files(tmp_path / "x", "l.csv", content=libre([kept("11-12-2024 09:40", 120)])) / "l.csv"
    with pytest.raises(SettingsError, match=r"l\.csv may be of several sources: acme, vendor\. Name one with --source"):
        place_of([str(export)])
    with pytest.raises(SettingsError, match=r"x may be of several sources: acme \(l\.csv\), vendor \(l\.csv\)"):
        place_of([str(tmp_path / "x")])
    assert place_of([str(export)], "acme").source == "acme"
    assert place_of([str(split_file(tmp_path / "y"))]).source == "bloodbank"


def test_a_folder_of_several_sources_is_said_with_what_tells_them(tmp_path: Path) -> None:
    folder = of_files(tmp_path, "l.csv", content=libre([kept("11-12-2024 09:40", 120)]))
    of_files(folder, "export.xml", content="<!DOCTYPE HealthData [")
    with pytest.raises(SettingsError, match=r"apple_health \(export\.xml\), vendor \(l\.csv\).*give each a folder"):
        place_of([str(folder)])
    fetched(tmp_path / "kept", "nightscout_anna")
    fetched(tmp_path / "kept", "tandem_881235")
    with pytest.raises(SettingsError, match=r"nightscout \(nightscout_anna\), tandem \(tandem_881235\)"):
        place_of([str(tmp_path / "kept")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_and_no_folder_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for name in (str(tmp_path / "pipe.csv"), "/dev/zero"):
        with pytest.raises(DataError, match="a pipe or a device"):
            place_of([name], "vendor")
    for name in ("x" * 300, "a\0b", "~no-such-user/x"):
        with pytest.raises(BloodTwinError, match=r"can be no file|no such file"):
            place_of([name])
