"""A run owns its folder from its first stage to its last; a second one says who is at work there, or waits."""

import threading

import dagster as dg
import pytest

from bloodtwin_core.cli.main import main
from bloodtwin_core.common.errors import FolderInUse
from bloodtwin_core.common.locks import LOCK, Owner, holder_of
from tests.assets.tiny_graph import STAGES, Graph, failure_of
from tests.core.cli.test_train import command


def test_a_second_run_is_told_who_is_at_work_and_changes_nothing(copied: Graph) -> None:
    before = copied.files()
    with Owner(what="bloodtwin train").holding(copied.store.folder):
        result = copied.run()
        held = copied.files()
    assert not result.success
    said = failure_of(result, "raw_pump_splits")
    assert f"{copied.store.folder} is in use by bloodtwin train (process " in said
    assert "wait: true" in said
    assert {name: content for name, content in held.items() if not name.endswith(LOCK)} == before
    assert copied.files() == before


def test_the_command_is_told_too(copied: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    with Owner(what="Dagster run 7f").holding(copied.store.folder):
        assert main(command(copied)) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "is in use by Dagster run 7f" in line


def test_a_run_that_is_asked_to_wait_does(copied: Graph) -> None:
    owner = Owner(keeps=True)
    with owner.holding(copied.store.folder):
        threading.Timer(1.0, owner.release).start()
    assert main([*command(copied), "--wait"]) == 0


def test_a_run_owns_its_folder_between_its_stages_too(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at from the pages, which are made after a stage has returned."""
    seen: list[str] = []

    def look(*_: object) -> dict[str, str]:
        with pytest.raises(FolderInUse), Owner().holding(graph.store.folder):
            pass
        holder = holder_of(graph.store.folder)
        seen.append(holder.run if holder else "")
        return {}

    for page in ("raw_splits_page", "scaler_page", "windows_page"):
        monkeypatch.setattr(f"bloodtwin_assets.data.assets.{page}", look)
    result = graph.run(*STAGES[:3])
    assert seen == [result.run_id] * 3
    assert all(record.run == result.run_id for record in graph.store.manifest().stages.values())
    assert not (graph.store.folder / LOCK).exists()


def test_a_failed_run_lets_go(copied: Graph) -> None:
    assert not copied.run("windowed_tensors", data={"lookback": 2000}).success
    with Owner().holding(copied.store.folder):
        pass


def test_reading_needs_no_lock(copied: Graph) -> None:
    with Owner().holding(copied.store.folder):
        outcome = copied.check("onnx_export")["onnx_export"]
    assert outcome.passed
    assert isinstance(outcome, dg.AssetCheckEvaluation)
