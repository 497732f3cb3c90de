from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import RECORD_INTERVAL, PumpRecords, Split, records_from_signals
from bloodtwin_core.records.checks.continuity import findings
from bloodtwin_core.records.split_files import read_split_file, write_split_file
from bloodtwin_core.records.splitting import split_in_time
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.fetched import FetchedRows, Row, Window
from bloodtwin_core.sources.glooko import GlookoSettings
from bloodtwin_core.sources.registry import sources
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.simulator import SimulatorSettings
from bloodtwin_core.sources.splits import pump_split_files
from bloodtwin_core.sources.tandem import TandemSettings
from bloodtwin_core.sources.xdrip import XdripSettings
from tests.core.sources.app_exports import WRITERS


def write_azt1d(root: Path, glucose: str = "120") -> None:
    folder = root / "CGM Records" / "Subject 1"
    folder.mkdir(parents=True, exist_ok=True)
    times = (datetime(2024, 1, 10) + timedelta(minutes=5 * n) for n in range(600))
    rows = [f"{time:%Y-%m-%d %H:%M:%S},0.5,,{glucose}" for time in times]
    (folder / "Subject 1.csv").write_text(
        "\n".join(["EventDateTime,Basal,TotalBolusInsulinDelivered,CGM", *rows, ""]), encoding="utf-8"
    )


def write_bloodbank(root: Path) -> None:
    count = 600
    times = np.datetime64("2024-03-01T00:00:00", "s") + np.arange(count) * RECORD_INTERVAL
    records: PumpRecords = records_from_signals(
        "881235", times, np.full(count, 120.0), np.full(count, 0.8), np.zeros(count)
    )
    for split, part in split_in_time(records, DataSettings()).items():
        write_split_file(root, part, split)


def write_events(root: Path) -> None:
    folder = root / "pump_881235"
    folder.mkdir(parents=True, exist_ok=True)
    times = np.datetime64("2024-03-01T00:00:00", "s") + np.arange(600) * RECORD_INTERVAL
    for name, column in (("cgmreading", "bg"), ("basal", "basal_rate"), ("bolus", "bolus_dose")):
        values = 120 + np.arange(600) % 7 if column == "bg" else np.full(600, 0.8)
        rows = [f"{time}+00:00,{value},any" for time, value in zip(times, values, strict=True)]
        (folder / f"{name}_2024.csv").write_text(
            "\n".join([f"timestamp,{column},event_type", *rows, ""]), encoding="utf-8"
        )


def write_fetched(root: Path, source: str) -> None:
    """What a sync left: readings, and a basal rate that never changes."""
    times = np.datetime64("2024-03-01T00:00:00", "s") + np.arange(600) * RECORD_INTERVAL
    rows = [Row(f"entries/{n:05d}", "glucose", time, 120.0 + n % 7) for n, time in enumerate(times)]
    kinds = {"tandem": ("rate_change", 0.0), "nightscout": ("temp_basal", 24 * 60 * 3.0)}
    if source in kinds:
        kind, minutes = kinds[source]
        rows.append(Row("basal", kind, times[0], 0.8, minutes))
    FetchedRows(root / f"{source}_881235").add(Window(np.datetime64("2024-03-01"), np.datetime64("2024-03-03")), rows)


def write_vendor(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    times = np.datetime64("2024-03-01T00:00:00", "s") + np.arange(600) * RECORD_INTERVAL
    rows = [f"pump,881235,EGV,{time},{120 + n % 7}" for n, time in enumerate(times)]
    rates = [f"Basal,{time},0.8" for time in times[::288]]
    header = "DeviceType,SerialNumber,Description,EventDateTime,Readings (mg/dL)"
    lines = ["t:connect", "", header, *rows, "", "Type,EventDateTime,BasalRate", *rates]
    (root / "export.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")


def write_t1d_uom(root: Path) -> None:
    times = [datetime(2024, 1, 10) + timedelta(minutes=5 * n) for n in range(600)]
    rows = {
        "Glucose Data/UoMGlucose2301.csv": [
            "bg_ts,value",
            *(f"{t:%d/%m/%Y %H:%M},{6 + t.minute / 60:.1f}" for t in times),
        ],
        "Insulin Data/Basal Data/UoMBasal2301.csv": [
            "basal_ts,basal_dose,insulin_kind",
            *(f"{time:%d/%m/%Y %H:%M},0.8,R" for time in times[::288]),
        ],
    }
    for name, lines in rows.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("\n".join([*lines, ""]), encoding="utf-8")


def write_brist1d(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    times = (datetime(2023, 6, 1) + timedelta(minutes=5 * n) for n in range(600))
    rows = [f"{time:%Y-%m-%d %H:%M:%S},{108 + time.minute * 1.8:.1f}" for time in times]
    (root / "P02.csv").write_text("\n".join(["timestamp,glucose_value_mg_dl", *rows, ""]), encoding="utf-8")


def settings_for(source: str, root: Path) -> DataSettings:
    if source == "azt1d":
        write_azt1d(root)
    if source == "bloodbank":
        write_bloodbank(root)
    if source == "events":
        write_events(root)
    if source == "vendor":
        write_vendor(root)
    if source == "brist1d":
        write_brist1d(root)
    if source == "t1d_uom":
        write_t1d_uom(root)
    if source in WRITERS:
        WRITERS[source](root)
    if sources()[source].fetch:
        write_fetched(root, source)
    zone = TandemSettings(time_zone="Europe/Berlin")
    return data_settings(
        source=source,
        root=str(root),
        tandem=zone,
        vendor=VendorSettings(time_zone="Europe/Berlin"),
        simulator=SimulatorSettings(pumps=1, days=3),
        glooko=GlookoSettings(time_zone="Europe/Berlin"),
        xdrip=XdripSettings(time_zone="Europe/Berlin"),
    )


@pytest.mark.parametrize("source", sources())
def test_every_source_gives_splits_without_a_finding(source: str, tmp_path: Path) -> None:
    settings = settings_for(source, tmp_path / "root")
    (pump,) = pump_split_files(settings, tmp_path / "splits")
    files = [read_split_file(path) for path in pump.files.values()]
    assert [file.split for file in files] == list(Split)
    assert {file.pump_id for file in files} == {pump.pump_id}
    assert findings(files, settings) == []


@pytest.mark.parametrize("source", [source for source in sources() if source != "bloodbank"])
def test_sources_of_histories_write_the_same_bytes_again(source: str, tmp_path: Path) -> None:
    settings = settings_for(source, tmp_path / "root")
    (pump,) = pump_split_files(settings, tmp_path / "splits")
    before = {path: path.read_bytes() for path in pump.files.values()}
    (pump,) = pump_split_files(settings, tmp_path / "splits")
    assert {path: path.read_bytes() for path in pump.files.values()} == before


def test_the_users_own_files_are_used_where_they_lie(tmp_path: Path) -> None:
    settings = settings_for("bloodbank", tmp_path / "root")
    (pump,) = pump_split_files(settings, tmp_path / "splits")
    assert all(path.is_relative_to(tmp_path / "root") for path in pump.files.values())
    assert not (tmp_path / "splits").exists()


def test_azt1d_says_that_its_time_is_local(tmp_path: Path) -> None:
    (pump,) = pump_split_files(settings_for("azt1d", tmp_path / "root"), tmp_path / "splits")
    header = read_split_file(pump.files[Split.train]).header
    assert "local wall time" in header.tz_handling
    assert "doi:10.17632/gk9m674wcx.1" in header.notes


def test_a_broken_file_leaves_the_splits_that_stood(tmp_path: Path) -> None:
    settings = settings_for("azt1d", tmp_path / "root")
    (pump,) = pump_split_files(settings, tmp_path / "splits")
    before = {path: path.read_bytes() for path in pump.files.values()}
    write_azt1d(tmp_path / "root", glucose="-1")
    with pytest.raises(DataError, match="line 2, column CGM"):
        pump_split_files(settings, tmp_path / "splits")
    assert {path: path.read_bytes() for path in (tmp_path / "splits").rglob("*.csv")} == before


def test_an_unknown_source_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"'dexcom' is not known\. Choose one of simulator, apple_health, azt1d, bloodbank"
    ):
        pump_split_files(DataSettings(source="dexcom"), tmp_path)


def test_a_source_of_files_needs_a_root(tmp_path: Path) -> None:
    for source in ("azt1d", "bloodbank"):
        with pytest.raises(SettingsError, match=r"data\.root is not set"):
            pump_split_files(DataSettings(source=source), tmp_path)
