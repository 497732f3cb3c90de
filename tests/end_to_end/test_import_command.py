"""`bloodtwin import`, as a user runs it: what it writes, what it says, and what stands after it failed."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.cli import importing
from bloodtwin_core.cli.main import main
from bloodtwin_core.cli.progress_bar import progress_bar
from bloodtwin_core.common.progress import Progress, Step
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind, read_repairs
from bloodtwin_core.records import RECORD_INTERVAL, Feature, Split
from bloodtwin_core.records.checks.continuity import findings
from bloodtwin_core.records.split_files import find_split_files, read_split_file
from bloodtwin_core.sources.registry import source_named

REPOSITORY = Path(__file__).parents[2]
START = np.datetime64("2024-03-01T00:02:00", "s")


def write_pump(root: Path, pump: str = "881235", days: int = 3, glucose: str = "") -> None:
    folder = root / f"pump_{pump}"
    folder.mkdir(parents=True, exist_ok=True)
    times = START + np.arange(days * 288) * RECORD_INTERVAL
    readings = [glucose or str(100 + place % 80) for place in range(len(times))]
    columns = {"cgmreading": ("bg", readings, 1), "basal": ("basal_rate", ["0.9"] * len(times), 1)}
    columns["bolus"] = ("bolus_dose", ["4.5"] * len(times), 72)
    for name, (column, values, every) in columns.items():
        rows = [f"{at}+00:00,{value},x" for at, value in zip(times, values, strict=True)][::every]
        (folder / f"{name}_1.csv").write_text(
            "\n".join([f"timestamp,{column},event_type", *rows, ""]), encoding="utf-8"
        )


def files_under(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def started(*arguments: str | Path, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bloodtwin_core.cli", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def events(tmp_path: Path) -> Path:
    write_pump(tmp_path / "events")
    return tmp_path / "events"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "there" / "data"


@pytest.mark.end_to_end
def test_the_command_turns_events_into_splits_and_says_what_it_found(tmp_path: Path) -> None:
    write_pump(tmp_path / "events")
    output, errors = (process := started("import", "events", "events", "--to", "data", folder=tmp_path)).communicate()
    assert process.returncode == 0
    assert errors == ""
    lines = output.splitlines()
    assert lines[0].split()[:1] == ["pump"]
    assert lines[2].split() == [
        "881235", "2024-03-01T00:05:00", "2024-03-04T00:00:00", "3.0", "864", "0.0%", "0", "100.0%", "21.6", "18.0",
    ]  # fmt: skip
    assert "records whose basal rate was known for a part of the five minutes only: 1" in output
    assert lines[-1] == "Written to data."
    (pump,) = find_split_files(tmp_path / "data", [])
    splits = [read_split_file(path) for path in pump.files.values()]
    assert findings(splits, DataSettings()) == []
    assert sum(np.nansum(split.records.feature(Feature.bolus_dose)) for split in splits) == 12 * 4.5
    assert read_repairs(splits[0].header)[RepairKind.basal_partly_known] == 1


def test_a_sensor_with_a_reading_every_15_minutes_is_told_of(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "events", str(events), "--dry-run"]) == 0
    assert "this sensor" not in capsys.readouterr().out
    (readings,) = events.glob("pump_*/cgmreading_*.csv")
    head, *rows = readings.read_text().splitlines()
    readings.write_text("\n".join([head, *rows[::3]]) + "\n")
    assert main(["import", "events", str(events), "--dry-run"]) == 0
    assert "this sensor gives a reading every 15 minutes" in capsys.readouterr().out


def test_a_dry_run_reports_the_same_and_writes_nothing(
    events: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "events", str(events), "--to", str(data)]) == 0
    written = capsys.readouterr().out
    before = files_under(tmp_path)
    assert main(["import", "events", str(events), "--dry-run"]) == 0
    assert main(["import", "events", str(events), "--to", str(tmp_path / "other"), "--dry-run"]) == 0
    dry = capsys.readouterr().out
    assert dry.startswith(written.rsplit("Written", 1)[0])
    assert "Dry run: nothing was written." in dry
    assert files_under(tmp_path) == before
    assert not (tmp_path / "other").exists()


def test_a_second_import_replaces_its_pump_and_no_other(events: Path, data: Path, tmp_path: Path) -> None:
    assert main(["import", "events", str(events), "--to", str(data)]) == 0
    write_pump(tmp_path / "more", "901161")
    assert main(["import", "events", str(tmp_path / "more"), "--to", str(data)]) == 0
    kept = {name: content for name, content in files_under(data).items() if "901161" in name}
    write_pump(events, days=2)
    assert main(["import", "events", str(events), "--to", str(data)]) == 0
    after = files_under(data)
    assert len(after) == 6, "the longer history that stood before is gone, though its files were newer by name"
    assert {name: content for name, content in after.items() if "901161" in name} == kept
    assert sorted(path.name for path in data.iterdir()) == ["pump_881235", "pump_901161"]


@pytest.mark.parametrize("already", [True, False])
def test_bad_input_is_one_line_and_leaves_what_stood(
    events: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], already: bool
) -> None:
    if already:
        assert main(["import", "events", str(events), "--to", str(data)]) == 0
    write_pump(events, "999", glucose="-5")
    capsys.readouterr()
    before = files_under(tmp_path)
    assert main(["import", "events", str(events), "--to", str(data)]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1
    assert "pump_999/cgmreading_1.csv, line 2, column bg: -5 is not a glucose in mg/dL" in errors
    assert files_under(tmp_path) == before
    assert data.exists() == already


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "events", "FOLDER"], "say where to write with --to DATA"),
        (["import", "bloodbank", "FOLDER", "--to", "x"], "invalid choice: 'bloodbank'"),
        (["import", "dexcom", "FOLDER", "--to", "x"], "invalid choice: 'dexcom'"),
        (["import"], "the following arguments are required: SOURCE"),
        (["export"], "invalid choice: 'export'"),
        ([], "the following arguments are required: COMMAND"),
        (["import", "events", "--to", "x"], "data.root is not set"),
        (["import", "events", "FOLDER", "--to", "x", "--set", "events.unit=mmol/L"], "data.events.unit: Extra inputs"),
        (["import", "events", "FOLDER", "--to", "x", "--set", "events.glucose_unit=grams"], "String should match"),
        (["import", "events", "FOLDER", "--to", "x", "--set", "max_gap_hours"], "write SETTING=VALUE"),
        (
            ["import", "events", "FOLDER", "--dry-run", "--set", "stride=1", "--set", "stride.x=1"],
            "data.stride is a value",
        ),
        (["import", "events", "FOLDER", "--to", "x", "--set", "stride=["], "'[' is no value"),
        (["import", "events", "FOLDER", "--to", "x", "--wearer", "anna"], "write NAME=ID,ID"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    events: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(events.parent)
    try:
        code: object = main([str(events) if part == "FOLDER" else part for part in arguments])
    except SystemExit as leaving:
        code = leaving.code
    errors = capsys.readouterr().err
    assert code == 2
    assert said in errors
    assert errors.count("\n") == 1
    assert [path.name for path in events.parent.iterdir()] == ["events"]


def test_settings_reach_the_source(events: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "events", str(events), "--to", str(data), "--set", "events.glucose_unit=mmol/L"]) == 1
    assert "100 is not a glucose in mmol/L" in capsys.readouterr().err
    write_pump(events, "901161")
    assert main(["import", "events", str(events), "--to", str(data), "--pump", "901161"]) == 0
    assert [path.name for path in data.iterdir()] == ["pump_901161"]
    assert main(["import", "events", str(events), "--to", str(data), "--wearer", "anna=881235,901161"]) == 0
    assert sorted(path.name for path in data.iterdir()) == ["pump_901161", "pump_anna"]


def test_the_simulator_needs_no_folder(data: Path) -> None:
    few = ["--set", "simulator.pumps=1", "--set", "simulator.days=3"]
    assert main(["import", "simulator", "--to", str(data), *few]) == 0
    assert len(files_under(data)) == len(Split)


def test_raw_events_in_the_same_folder_are_not_replaced(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files_under(events)
    assert main(["import", "events", str(events), "--to", str(events)]) == 1
    said = "pump_881235 holds 'basal_1.csv', which would be lost. Choose another folder with --to"
    assert said in capsys.readouterr().err
    assert files_under(events) == before


def test_a_place_that_cannot_be_written_is_said_in_one_line(events: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = events.parent / "file"
    place.write_text("mine")
    assert main(["import", "events", str(events), "--to", str(place)]) == 1
    assert "file is a file. Choose a folder with --to" in capsys.readouterr().err
    assert place.read_text() == "mine"


def test_a_cloud_is_synced_first_but_not_in_a_dry_run(
    events: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def sync(settings: DataSettings, _progress: Progress) -> None:
        synced.append(settings.root)

    monkeypatch.setattr(importing, "source_named", lambda name: replace(source_named(name), fetch=sync))
    assert main(["import", "events", str(events), "--dry-run"]) == 0
    assert synced == []
    assert main(["import", "events", str(events), "--to", str(data)]) == 0
    assert synced == [str(events)]


def test_an_interrupt_between_two_pumps_leaves_each_whole(
    events: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pump(events, "901161")
    assert main(["import", "events", str(events), "--to", str(data)]) == 0
    before = files_under(data)
    write_pump(events, days=2)
    write_pump(events, "901161", days=2)
    whole, calls = importing.atomic_folder, []

    def interrupted(path: Path) -> object:
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(path)

    monkeypatch.setattr(importing, "atomic_folder", interrupted)
    assert main(["import", "events", str(events), "--to", str(data)]) == 130
    assert capsys.readouterr().err == "bloodtwin: interrupted; no pump's files were left half written\n"
    after = files_under(data)
    assert len(after) == len(before)
    assert {name for name in after if "901161" in name} == {name for name in before if "901161" in name}
    assert sorted(path.name for path in data.iterdir()) == ["pump_881235", "pump_901161"]


def test_what_killed_imports_left_is_cleared_after_a_day_and_not_before(events: Path, data: Path) -> None:
    data.mkdir(parents=True)
    left = [place / f".bloodtwin-import-{age}" for place in (data, data.parent) for age in ("old", "new")]
    for folder in left:
        (folder / "pumps").mkdir(parents=True)
        if folder.name.endswith("old"):
            os.utime(folder, (time.time() - 86_500, time.time() - 86_500))
    assert main(["import", "events", str(events), "--to", str(data)]) == 0
    assert [folder.exists() for folder in left] == [False, True, False, True]


@pytest.mark.end_to_end
@pytest.mark.parametrize(("blow", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_blow_in_the_middle_loses_nothing(tmp_path: Path, blow: signal.Signals, code: int) -> None:
    write_pump(tmp_path / "before", "1")
    assert main(["import", "events", str(tmp_path / "before"), "--to", str(tmp_path / "data")]) == 0
    before = files_under(tmp_path / "data")
    for pump in range(1, 150):
        write_pump(tmp_path / "events", str(pump), days=1)
    process = started("import", "events", "events", "--to", "data", folder=tmp_path)
    while process.poll() is None and not list((tmp_path / "data").glob(".bloodtwin-import-*/*")):
        time.sleep(0.02)
    process.send_signal(blow)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in errors
    visible = {name: content for name, content in files_under(tmp_path / "data").items() if not name.startswith(".")}
    assert visible == before
    assert main(["import", "events", str(tmp_path / "before"), "--to", str(tmp_path / "data")]) == 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown_on(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar() as progress:
        for done in range(4):
            progress(Step(done, 3, "pump 881235"))
    return stream.getvalue()


def test_a_terminal_shows_how_far_the_import_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_on(Terminal(), monkeypatch)
    assert "pump 881235" in shown
    assert "/3" in shown


def test_a_file_or_pipe_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_on(io.StringIO(), monkeypatch) == ""


def test_reading_is_told_to_the_bar(events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    assert main(["import", "events", str(events), "--dry-run"]) == 0
    assert "pump_881235" in stream.getvalue()


def test_errors_of_the_programs_own_are_not_hidden(events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: DataSettings, _folder: Path, _progress: Progress) -> Iterator[PumpEvents]:
        raise ZeroDivisionError

    monkeypatch.setattr(importing, "pump_split_files", broken)
    with pytest.raises(ZeroDivisionError):
        main(["import", "events", str(events), "--dry-run"])
