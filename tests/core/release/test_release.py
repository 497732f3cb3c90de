"""A finished run becomes the base model of a package, whole or not at all."""

import json
import shutil
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
import yaml

from benchmarks.unseen_people.insulin.on_top import PAST_ALONE
from bloodtwin_core.cli.main import main
from bloodtwin_core.common.errors import ArtifactMissing, CheckpointMismatch
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pretrained import files, from_glucose
from bloodtwin_core.release.shipping import ship
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.model_json import read_model_json
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.windows.scaler import read_scaler
from tests.assets.test_resources import CONFIGS, resolved
from tests.assets.tiny_graph import STAGES, Graph

SHIPPED = [stage for stage in STAGES if stage not in ("evaluation_report", "published_model", "control_trial")]

Finished = tuple[Graph, dg.ExecuteInProcessResult]


def test_everything_of_a_base_model_is_there_and_listed(finished: Finished, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    card = ship(finished[0].store, folder)
    assert {path.name for path in folder.iterdir()} == {*files.FILES, files.INDEX}
    listed = json.loads((folder / files.INDEX).read_text())["files"]
    assert listed == {name: sha256_of(folder / name) for name in files.FILES}
    checkpoint = load_checkpoint(CheckpointFolder(finished[0].store.checkpoints).best)
    weights = load_checkpoint(files.shipped_file(files.CHECKPOINT, folder))
    assert read_scaler(folder / files.SCALER) == weights.scaler == checkpoint.scaler
    assert weights.forecaster.state_dict().keys() == checkpoint.forecaster.state_dict().keys()
    assert (folder / files.CHECKPOINT).stat().st_size < checkpoint.path.stat().st_size / 2
    text = card.read_text("utf-8")
    for needed in (
        "Virtual wearers",
        "no medical device",
        "persistence",
        "hidden_size: 4",
        checkpoint.sha256,
        "sim002",
    ):
        assert needed in text


def test_the_shipped_export_forecasts(finished: Finished, tmp_path: Path) -> None:
    ship(finished[0].store, tmp_path / "model")
    forecaster = Forecaster.load(files.shipped_file(files.ONNX, tmp_path / "model"))
    forecast = forecaster.forecast(from_glucose(np.linspace(180, 120, 36), "2026-01-31T12:00Z"))
    assert np.isfinite(forecast.glucose).all()


def test_a_training_starts_from_what_was_shipped(
    copied: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(copied.store, tmp_path / "model")
    base = load_checkpoint(tmp_path / "model" / files.CHECKPOINT)
    monkeypatch.setattr(files.shipped_file, "__defaults__", (tmp_path / "model",))
    result = copied.run("trained_checkpoint", training={"start_from": "pretrained", "max_epochs": 1, "seed": 5})
    assert result.success
    trained = load_checkpoint(copied.store.checkpoints / "best.ckpt")
    assert trained.started_from == base.sha256
    page = result.asset_materializations_for_node("trained_checkpoint")[0].metadata
    assert base.sha256 in str(page["weights and scaler at the start"].value)


@pytest.mark.parametrize("stage", ["model.onnx", "test_results.yaml"])
def test_a_changed_file_is_not_shipped_and_nothing_is_replaced(copied: Graph, tmp_path: Path, stage: str) -> None:
    folder = tmp_path / "model"
    ship(copied.store, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (copied.store.folder / stage).write_bytes(b"other")
    with pytest.raises(ArtifactMissing, match=f"{stage}.*changed"):
        ship(copied.store, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_exports_of_another_checkpoint_are_not_shipped(copied: Graph, tmp_path: Path) -> None:
    copied.run("trained_checkpoint", training={"seed": 5})
    with pytest.raises(CheckpointMismatch, match=r"model\.onnx.*another checkpoint.*Materialize"):
        ship(copied.store, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_run_that_has_not_finished_is_refused_by_the_command(
    graph: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", str(graph.store.folder), "--to", str(tmp_path / "model")]) == 1
    assert "knows nothing of trained_checkpoint" in capsys.readouterr().err


def test_the_command_ships_with_the_table_of_unseen_people(
    finished: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "unseen_people.md"
    table.write_text("| days | MAE |\n|---|---|\n| 3 | 20.1 |\n")
    command = ["release", str(finished[0].store.folder), "--to", str(tmp_path / "model"), "--unseen-people", str(table)]
    assert main(command) == 0
    assert "| 3 | 20.1 |" in Path(capsys.readouterr().out.strip()).read_text("utf-8")
    models = read_model_json(tmp_path / "model").models
    assert {name: model.sha256 for name, model in models.items()} == {
        name: sha256_of(tmp_path / "model" / name) for name in (files.ONNX, files.ONNX_STREAMING, files.TORCHSCRIPT)
    }
    assert (tmp_path / "model" / files.TEST_VECTOR).exists()


def test_the_base_model_is_made_in_two_trainings_on_the_folders_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZT1D", "azt1d/folder")
    monkeypatch.setenv("BRIST1D", "brist1d/folder")
    without_past, whole = (
        resolved(yaml.safe_load((CONFIGS / name).read_text())) for name in ("pretrained.yaml", "pretrained_past.yaml")
    )
    for settings, _ in (without_past, whole):
        assert settings.data.root == "azt1d/folder"
        assert [(also.source, also.root) for also in settings.data.learn_also_from] == [("brist1d", "brist1d/folder")]
    first, second = (artifacts.store(settings) for settings, artifacts in (without_past, whole))
    makefile = (CONFIGS.parent / "Makefile").read_text()
    shipped = f"bloodtwin release {second.folder} --started-from {first.folder}\n"
    assert shipped in makefile, "make ships what it trained"
    assert whole[0].training.start_from == str(CheckpointFolder(first.checkpoints).best)
    differing = {
        f"{group}.{name}"
        for group in ("data", "model", "training")
        for name, value in getattr(whole[0], group)
        if value != getattr(getattr(without_past[0], group), name)
    }
    assert all(getattr(whole[0].training, name) == value for name, value in PAST_ALONE.items()), "as it was judged"
    on_top = {"start_from", "past_alone", "hide_past", "blur_past", "learning_rate", "band_widths"}
    ends = {"max_epochs", "early_stopping_patience"}
    assert differing == {"model.name", "model.past", *(f"training.{name}" for name in on_top | ends)}


def test_the_card_tells_of_the_training_whose_weights_were_gone_on_from(copied: Graph, tmp_path: Path) -> None:
    everyone = ArtifactStore(tmp_path / "everyone")
    shutil.copytree(copied.store.folder, everyone.folder)
    start = {"start_from": str(CheckpointFolder(everyone.checkpoints).best), "max_epochs": 1}
    assert copied.run(*SHIPPED, training=start).success
    with pytest.raises(CheckpointMismatch, match="--started-from"):
        ship(copied.store, tmp_path / "model")
    text = ship(copied.store, tmp_path / "model", started_from=everyone).read_text("utf-8")
    assert "Training 1 of 2, whose weights the next one starts from" in text
    assert "Training 2 of 2, of this model" in text
