"""`bloodtwin train` leaves what the asset trained_checkpoint leaves, and fails in one line."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from bloodtwin_core.cli.main import main
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.training import CheckpointFolder
from tests.assets.tiny_graph import TINY, Graph

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def windows(copied: Graph) -> Graph:
    """A store with windows and scaler, in which nothing has been trained yet."""
    shutil.rmtree(copied.store.checkpoints)
    copied.store.picture("learning curve").unlink()
    manifest = copied.store.manifest()
    del manifest.stages["trained_checkpoint"]
    copied.store.manifest_path.write_text(manifest.model_dump_json())
    return copied


def settings_file(graph: Graph, **changes: dict[str, Any]) -> Path:
    """settings.json with the settings of the graph; changes replace some, group by group."""
    path = graph.root.parent / "settings.json"
    path.write_text(json.dumps({group: {**settings, **changes.get(group, {})} for group, settings in TINY.items()}))
    return path


def command(graph: Graph, **changes: dict[str, Any]) -> list[str]:
    return ["train", "--config", str(settings_file(graph, **changes)), "--artifacts", str(graph.root)]


def test_it_leaves_what_the_asset_leaves(
    windows: Graph, finished: tuple[Graph, object], capsys: pytest.CaptureFixture[str]
) -> None:
    before = windows.files()
    assert main(command(windows)) == 0
    asset, store = finished[0].store, windows.store
    ours, theirs = (each.manifest().stages["trained_checkpoint"] for each in (store, asset))
    assert set(ours.files) == set(theirs.files)
    assert (ours.settings, ours.packages, ours.python) == (theirs.settings, theirs.packages, theirs.python)
    assert all(sha256_of(store.folder / path) == sha256 for path, sha256 in ours.files.items())
    weights, expected = (
        load_checkpoint(CheckpointFolder(each.checkpoints).best).forecaster.state_dict() for each in (store, asset)
    )
    for name, tensor in expected.items():
        torch.testing.assert_close(weights[name], tensor, rtol=0, atol=0)
    untouched = {
        name: content for name, content in before.items() if "manifest" not in name and "tensorboard" not in name
    }
    assert untouched.items() <= windows.files().items()
    said = capsys.readouterr()
    assert f"{CheckpointFolder(store.checkpoints).best}: epoch 0, val_mae " in said.out
    assert "Training on cpu" in said.err
    assert "epoch 0: train loss " in said.err


def test_the_graph_goes_on_from_what_it_left(windows: Graph) -> None:
    assert main(command(windows)) == 0
    result = windows.run("onnx_export")
    assert result.success


def test_all_settings_as_json_are_a_settings_file(windows: Graph) -> None:
    path = settings_file(windows)
    path.write_text(settings_model().model_validate_json(path.read_text()).model_dump_json(indent=2))
    assert main(["train", "--config", str(path), "--artifacts", str(windows.root)]) == 0


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"data": {"lookback": 48}}, 1, "data.lookback was 36 and is 48 now"),
        ({"model": {"name": "nobody"}}, 1, "Materialize raw_pump_splits first"),
        ({"training": {"max_epoch": 3}}, 2, "training.max_epoch: Extra inputs are not permitted"),
        ({"training": {"learning_rate": -1}}, 2, "training.learning_rate: Input should be greater than 0"),
        ({"training": {"device": "mps"}}, 2, "training.device is mps, but torch finds none here"),
    ],
)
def test_an_error_is_one_line_and_changes_nothing(
    copied: Graph, changes: dict[str, dict[str, Any]], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = copied.files()
    assert main(command(copied, **changes)) == code
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert copied.files() == before


@pytest.mark.parametrize("content", [None, "{", "[]", "\xff"])
def test_a_settings_file_that_cannot_be_read_is_named(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "settings.json"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    assert main(["train", "--config", str(path)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(str(path))


@pytest.mark.end_to_end
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_another_process_trains_is_stopped_and_trains_again(windows: Graph, number: signal.Signals, code: int) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}

    def start(epochs: int) -> subprocess.Popen[str]:
        arguments = command(windows, training={"max_epochs": epochs, "early_stopping_patience": 1000})
        return subprocess.Popen(
            [sys.executable, "-m", "bloodtwin_core.cli", *arguments],
            cwd=windows.root.parent,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    long_one = start(10_000)
    last = CheckpointFolder(windows.store.checkpoints).in_progress / "last.ckpt"
    waited_until = time.monotonic() + 120
    while not last.exists() and long_one.poll() is None and time.monotonic() < waited_until:
        time.sleep(0.05)
    long_one.send_signal(number)
    _, errors = long_one.communicate(timeout=60)
    assert long_one.returncode == code, errors
    assert "Traceback" not in errors
    assert ("interrupted; the same command goes on from the last finished epoch\n" in errors) is (code == 130)
    assert last.exists()
    assert "trained_checkpoint" not in windows.store.manifest().stages
    if number is not signal.SIGINT:
        return  # Both leave the same; one more process is seconds spent for nothing.
    short_one = start(2)
    printed, errors = short_one.communicate(timeout=120)
    assert short_one.returncode == 0, errors
    assert "epoch 1: train loss" in errors
    assert "best.ckpt: epoch " in printed
    assert "trained_checkpoint" in windows.store.manifest().stages
