"""`bloodtwin verify` tells of everything that does not stand as it was left."""

from pathlib import Path

import pytest

from bloodtwin_core.cli.main import main
from bloodtwin_core.records import Split
from tests.assets.tiny_graph import Graph


def test_a_finished_run_stands(finished: tuple[Graph, object], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(finished[0].store.folder)]) == 0
    assert "files of 13 stages stand as they were left" in capsys.readouterr().out


def test_every_file_that_changed_has_its_line(copied: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    store = copied.store
    store.report.write_text("everything is fine")
    (store.checkpoints / "last.ckpt").unlink()
    split = copied.split_file("sim001", Split.test)
    split.write_text(split.read_text() + "\n")
    assert main(["verify", str(store.folder)]) == 1
    said = capsys.readouterr()
    lines, last = said.out.splitlines(), said.err
    assert sorted(line.split(" ")[0] for line in lines) == sorted(
        str(path) for path in (store.report, store.checkpoints / "last.ckpt", split)
    )
    assert last.startswith("3 faults")


def test_what_was_made_from_another_checkpoint_is_told(copied: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    assert copied.run("trained_checkpoint", training={"seed": 7}).success
    assert main(["verify", str(copied.store.folder)]) == 1
    said = capsys.readouterr().out
    for stage in (
        "personal_checkpoints",
        "test_results",
        "alarm_levels",
        "onnx_export",
        "torchscript_export",
        "streaming_export",
    ):
        assert f"{stage} was made from another trained_checkpoint than stands now" in said


def test_a_folder_without_a_manifest_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path)]) == 1
    assert "manifest.json is not there" in capsys.readouterr().err
