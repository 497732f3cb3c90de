"""The same run again: the same bytes of checkpoint and exports, in any folder, however long it takes."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.exports import onnx_stage, streaming_stage
from bloodtwin_core.pipeline.records import records_stage
from bloodtwin_core.pipeline.scaler import scaler_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.training import CheckpointFolder, EpochReport
from tests.assets.tiny_graph import TINY

# A learning rate that falls with every epoch: a resumed training must take each of those steps.
FALLING = {"max_epochs": 4, "schedule": "cosine", "early_stopping_patience": 10}
SETTINGS = settings_model().model_validate({**TINY, "training": {**TINY["training"], **FALLING}})
EXPORT = """
import sys
from pathlib import Path
from bloodtwin_core.export import export_torchscript
from bloodtwin_core.network.checkpoint import load_checkpoint
export_torchscript(load_checkpoint(Path(sys.argv[1])), Path(sys.argv[2]))
"""


class PowerLoss(BaseException):
    """Nothing runs any more."""


def trained(folder: Path, broken_at: int = -1) -> ArtifactStore:
    """What a training leaves; broken_at: after which epoch it is broken off and begun again."""
    store = ArtifactStore(folder / "tiny")
    records_stage(store, SETTINGS)
    scaler_stage(store, SETTINGS)
    windows_stage(store, SETTINGS)

    def listen(report: EpochReport) -> None:
        if report.epoch == broken_at:
            raise PowerLoss

    if broken_at >= 0:
        with pytest.raises(PowerLoss):
            train_stage(store, SETTINGS, listen)
    train_stage(store, SETTINGS)
    return store


def checkpoint(store: ArtifactStore) -> Path:
    return CheckpointFolder(store.checkpoints).last


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    return trained(tmp_path_factory.mktemp("once"))


def test_the_same_run_again_gives_the_same_bytes(once: ArtifactStore, tmp_path: Path) -> None:
    again = trained(tmp_path / "another" / "place")
    hashes = []
    for store in (once, again):
        onnx_stage(store, SETTINGS)
        streaming_stage(store, SETTINGS)
        best = CheckpointFolder(store.checkpoints).best
        files = [best, checkpoint(store), store.onnx, store.onnx_streaming, store.scaler_json]
        hashes.append({path.name: sha256_of(path) for path in files})
    assert hashes[0] == hashes[1]


def test_torchscript_has_the_same_bytes_from_another_process(once: ArtifactStore, tmp_path: Path) -> None:
    """Each run is a process of its own; within one, torch numbers the classes that it traces."""
    files = [tmp_path / "one" / "model.ts", tmp_path / "two" / "model.ts"]
    best = CheckpointFolder(once.checkpoints).best
    exports = [subprocess.Popen([sys.executable, "-W", "ignore", "-c", EXPORT, str(best), str(file)]) for file in files]
    assert [each.wait() for each in exports] == [0, 0]
    assert sha256_of(files[0]) == sha256_of(files[1])


def test_a_training_that_was_broken_off_ends_the_same(once: ArtifactStore, tmp_path: Path) -> None:
    """Also the learning rate, which fell, and every count."""
    stores = (once, trained(tmp_path, broken_at=1))
    assert len({checkpoint(store).read_bytes() for store in stores}) == 1
    assert len({CheckpointFolder(store.checkpoints).best.read_bytes() for store in stores}) == 1
    whole, resumed = (torch.load(checkpoint(store), weights_only=True) for store in stores)
    assert whole["lr_schedulers"] == resumed["lr_schedulers"]
    assert whole["lr_schedulers"][0]["_last_lr"][0] < SETTINGS.training.learning_rate
    assert whole["loops"] == resumed["loops"]
    assert all(torch.equal(weight, resumed["state_dict"][name]) for name, weight in whole["state_dict"].items())
