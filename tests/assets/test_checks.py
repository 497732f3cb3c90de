"""Each check fails on what breaks it, says where, and stops what it should stop, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from bloodtwin_assets.data.checks import CONTINUITY_CHECKS
from bloodtwin_core.records import Split
from bloodtwin_core.records.checks.continuity import CheckName
from bloodtwin_core.records.raw_splits import describe, read_raw_splits
from bloodtwin_core.records.split_files import PumpSplitFiles
from bloodtwin_core.serving.model_json import MODEL_JSON
from tests.assets.tiny_graph import STAGES, Graph, evaluations, failure_of, materialized

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
Edit = Callable[[list[str]], list[str]]


def cell(column: int, text: str, row: int = 20) -> Edit:
    """Write another text into one cell; columns as in the file, the timestamp is 0."""

    def edit(rows: list[str]) -> list[str]:
        cells = rows[row].split(",")
        cells[column] = text
        return [*rows[:row], ",".join(cells), *rows[row + 1 :]]

    return edit


def without(start: int, stop: int) -> Edit:
    return lambda rows: rows[:start] + rows[stop:]


def unmeasured(start: int, stop: int) -> Edit:
    """No glucose, flagged as the contract wants it."""

    def edit(rows: list[str]) -> list[str]:
        changed = []
        for number, row in enumerate(rows):
            cells = row.split(",")
            if start <= number < stop:
                cells[1], cells[2], cells[7], cells[8] = "", "", "0.0", "1.0"
            if number == stop:
                cells[2] = ""
            changed.append(",".join(cells))
        return changed

    return edit


def relist(graph: Graph) -> None:
    """List the split files as they are now, as raw_pump_splits does."""
    before = read_raw_splits(graph.store.raw_splits)
    pumps = [
        PumpSplitFiles(
            pump, {file.split: graph.store.folder / file.path for file in before.files if file.pump_id == pump}
        )
        for pump in dict.fromkeys(file.pump_id for file in before.files)
    ]
    now = describe(before.source, pumps, graph.store.folder)
    now.write(graph.store.raw_splits)
    settings = graph.store.recorded("raw_pump_splits").settings
    graph.store.record("raw_pump_splits", [graph.store.raw_splits], now.fingerprint, settings)


def test_every_continuity_check_says_what_it_asks() -> None:
    assert set(CONTINUITY_CHECKS) == set(CheckName)


@pytest.mark.parametrize(
    ("check", "edit", "column"),
    [
        ("value_limits", cell(1, "10000"), "bg"),
        ("value_limits", cell(1, "-1"), "bg"),
        ("value_limits", cell(3, "11"), "basal_rate"),
        ("delta_bg", cell(2, "300"), "delta_bg"),
        ("missing_flag", cell(8, "1.0"), "bg_missing_flag"),
        ("clip_flag", cell(7, "1.0"), "bg_clip_flag"),
        ("cadence", without(20, 21), "timestamp"),
        ("time_order", lambda rows: [*rows[:20], rows[21], rows[20], *rows[22:]], "timestamp"),
        ("duplicate_timestamps", lambda rows: [*rows[:21], *rows[20:]], "timestamp"),
        ("glucose_gap", unmeasured(30, 30 + 16 * 12), "bg"),
    ],
)
def test_a_continuity_check_fails_and_names_the_place(copied: Graph, check: str, edit: Edit, column: str) -> None:
    path = copied.edit_split("sim002", Split.validate if check != "glucose_gap" else Split.train, edit)
    relist(copied)
    outcome = copied.check("raw_pump_splits")[check]
    assert not outcome.passed
    assert outcome.severity is ERROR
    assert outcome.blocking
    table = outcome.metadata["findings"]
    assert isinstance(table, dg.TableMetadataValue)
    [finding] = [record.data for record in table.records]
    assert finding["pump"] == "sim002"
    assert finding["file"] == str(path)
    assert finding["column"] == column
    assert isinstance(finding["line"], int)
    assert finding["how much"]
    assert finding["what to do"]
    assert "pump sim002" in str(outcome.description)


@pytest.mark.parametrize(("check", "edit"), [("time_of_day", cell(5, "0.5"))])
def test_a_finding_that_is_only_a_warning_does_not_block(copied: Graph, check: str, edit: Edit) -> None:
    copied.edit_split("sim002", Split.validate, edit)
    relist(copied)
    outcome = copied.check("raw_pump_splits")[check]
    assert not outcome.passed
    assert outcome.severity is WARN


def test_only_the_broken_check_fails(copied: Graph) -> None:
    copied.edit_split("sim002", Split.validate, cell(8, "1.0"))
    relist(copied)
    assert [name for name, outcome in copied.check("raw_pump_splits").items() if not outcome.passed] == ["missing_flag"]


def test_splits_that_overlap_fail(copied: Graph) -> None:
    train = copied.split_file("sim001", Split.train)
    last = [line for line in train.read_text().splitlines() if not line.startswith("#")][-1]
    copied.edit_split("sim001", Split.validate, lambda rows: [last, *rows])
    relist(copied)
    outcome = copied.check("raw_pump_splits")["split_order"]
    assert not outcome.passed
    assert "is not after all of train" in str(outcome.description)


def test_overlap_of_one_wearers_pumps_warns_and_stops_nothing(graph: Graph) -> None:
    """The second pump begins while the first is being tested, so its training days are the first one's test days."""
    bank = graph.root / "bank"
    source = Graph(graph.root / "made")
    source.run("raw_pump_splits")
    for split in Split:
        for pump, days in (("one", 0), ("two", 3)):
            lines = source.split_file("sim001", split).read_text().splitlines()
            target = bank / f"pump_{pump}" / split / f"lstm_{split}_1.csv"
            target.parent.mkdir(parents=True)
            target.write_text("\n".join(line for line in map(later(days), lines) if not line.startswith("#")) + "\n")
    data = {"source": "bloodbank", "root": str(bank), "wearers": {"anna": ["one", "two"]}}
    result = graph.run("raw_pump_splits", "fitted_scaler", data=data)
    outcome = evaluations(result)["wearer_overlap"]
    assert not outcome.passed
    assert outcome.severity is WARN
    assert not outcome.blocking
    assert "anna also wore pump" in str(outcome.description)
    assert result.success
    assert "fitted_scaler" in materialized(result)


def test_a_blocking_check_stops_what_stands_downstream_and_changes_nothing_there(copied: Graph, tmp_path: Path) -> None:
    bank = tmp_path / "bank"
    copied.store.split_files.rename(bank)
    path = next((bank / "pump_sim001" / "train").glob("*.csv"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1].replace(lines[-1].split(",")[1], "9999", 1)]) + "\n")
    before = copied.files()
    result = copied.run(data={"source": "bloodbank", "root": str(bank)})
    assert not result.success
    assert not materialized(result) & set(STAGES[STAGES.index("raw_pump_splits") + 1 :])
    changed = {name for name, content in copied.files().items() if before.get(name) != content}
    assert changed == {"tiny/raw_pump_splits.json", "tiny/manifest.json"}


def test_a_missed_target_says_by_how_much_and_stops_nothing(copied: Graph) -> None:
    hopeless = {"target_mae_30min": 0.5, "target_mae_60min": 100.0, "target_rmse": 0.25, "ridge_max_windows": 200}
    result = copied.run("test_results", "torchscript_export", "onnx_export", evaluation=hopeless)
    assert result.success
    assert {"torchscript_export", "onnx_export"} <= materialized(result)
    found = evaluations(result)
    assert not found["mae_30min"].passed
    assert not found["rmse"].passed
    assert found["mae_60min"].passed
    missed = found["mae_30min"]
    value, by = (
        missed.metadata[name].value for name in ("mae_at_30min (mg/dL), tiny", "mae_at_30min (mg/dL): missed by, tiny")
    )
    assert isinstance(value, float)
    assert by == pytest.approx(value - 0.5)
    assert f"misses 0.5 by {by:.2f}" in str(missed.description)
    assert "what to do" in missed.metadata
    assert not missed.blocking


def test_a_target_that_could_not_be_measured_is_not_met(graph: Graph) -> None:
    result = graph.run(data={"simulator": {"pumps": 1, "days": 6}, "lookback": 36, "horizon": 6})
    outcome = evaluations(result)["mae_60min"]
    assert result.success
    assert not outcome.passed
    assert "the horizon ends at 30 min" in str(outcome.description)


@pytest.mark.parametrize(
    ("export", "file"),
    [("onnx_export", "onnx"), ("torchscript_export", "torchscript"), ("streaming_export", "onnx_streaming")],
)
def test_an_export_of_another_checkpoint_does_not_agree(copied: Graph, tmp_path: Path, export: str, file: str) -> None:
    other = Graph(tmp_path / "other")
    other.run(
        *["raw_pump_splits", "fitted_scaler", "windowed_tensors", "trained_checkpoint", export], training={"seed": 7}
    )
    getattr(copied.store, file).write_bytes(getattr(other.store, file).read_bytes())
    (copied.store.folder / MODEL_JSON).unlink()  # It would refuse the file before anything is compared.
    copied.record_again(export)
    outcome = copied.check(export)[export]
    assert not outcome.passed
    assert outcome.severity is ERROR
    difference = outcome.metadata["largest difference (mg/dL), tiny"].value
    assert isinstance(difference, float)
    assert difference > 1e-3
    assert "Do not use the file" in str(outcome.metadata["what to do"].value)


def test_a_check_without_its_artifact_says_what_to_materialize(copied: Graph) -> None:
    copied.store.test_results.unlink()
    result = copied.run_checks("test_results")
    assert "is not there" in failure_of(result, "targets")


def later(days: int) -> Callable[[str], str]:
    """Move a row's timestamp by whole days, which leaves the time of day as it is."""

    def move(line: str) -> str:
        stamp, comma, rest = line.partition(",")
        if line.startswith("#") or not stamp[:1].isdigit():
            return line
        return f"{np.datetime64(stamp.rstrip('Z')) + np.timedelta64(days, 'D')}Z{comma}{rest}"

    return move
