"""training.start_from: a training begins with another's weights and scaler, or says why it cannot."""

import json
from pathlib import Path

import pytest
import torch

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import DataSettings, ModelSettings, TrainingSettings
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.pretrained import files
from bloodtwin_core.training import CheckpointFolder, EpochReport, FittedModel
from bloodtwin_core.training.fit import fit
from bloodtwin_core.training.start import starting_checkpoint
from tests.core.tiny import TINY_MODEL, TINY_TRAINING, tiny_windows


class Interrupted(BaseException):
    """Stands for the interrupt that an orchestrator raises in the middle of an epoch."""


HARDLY = {"learning_rate": 1e-9, "max_epochs": 1}
"""Training that leaves the weights nearly as they were."""


def train(
    folder: Path, model: ModelSettings = TINY_MODEL, data: DataSettings | None = None, pumps: int = 2, **changes: object
) -> FittedModel:
    windows, scaler = tiny_windows(pumps) if data is None else tiny_windows(pumps, settings=data)
    training = TrainingSettings.model_validate({**TINY_TRAINING.model_dump(), **changes})
    return fit(windows, scaler, model, training, CheckpointFolder(folder / "checkpoints"), folder / "logs", "data")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load_checkpoint(train(tmp_path_factory.mktemp("base")).checkpoint)


def test_weights_and_scaler_are_those_of_the_base(tmp_path: Path, base: Checkpoint) -> None:
    fitted = train(tmp_path, pumps=1, start_from=str(base.path), **HARDLY)
    tuned = load_checkpoint(fitted.checkpoint)
    assert fitted.base is not None
    assert tuned.started_from == base.sha256 == fitted.base.sha256
    assert tuned.scaler == base.scaler, "the scaler travels with the weights"
    assert tuned.scaler != tiny_windows(pumps=1)[1], "on these records another one was fitted"
    learned = dict(tuned.forecaster.named_parameters())
    for name, weights in base.forecaster.named_parameters():
        torch.testing.assert_close(learned[name], weights, atol=1e-6, rtol=0)


def test_fresh_weights_come_from_nowhere(tmp_path: Path) -> None:
    fitted = train(tmp_path)
    assert fitted.base is None
    assert load_checkpoint(fitted.checkpoint).started_from == ""


def test_it_begins_where_the_base_ended(tmp_path: Path, base: Checkpoint) -> None:
    fresh = train(tmp_path / "fresh", **HARDLY)
    started = train(tmp_path / "started", start_from=str(base.path), **HARDLY)
    assert started.best.val_mae < fresh.best.val_mae


def test_a_broken_run_that_began_elsewhere_is_not_resumed(tmp_path: Path, base: Checkpoint) -> None:
    folder = CheckpointFolder(tmp_path / "checkpoints")
    own = tmp_path / "own.ckpt"
    own.write_bytes(base.path.read_bytes())
    windows, scaler = tiny_windows()
    training = TINY_TRAINING.model_copy(update={"start_from": str(own), "max_epochs": 3})

    def interrupted(report: EpochReport) -> None:
        if report.epoch == 1:
            raise Interrupted

    def again(**listening: object) -> FittedModel:
        return fit(windows, scaler, TINY_MODEL, training, folder, tmp_path / "logs", "data", **listening)  # type: ignore[arg-type]

    with pytest.raises(Interrupted):
        again(on_epoch=interrupted)
    assert folder.in_progress.exists()
    other = train(tmp_path / "other", seed=7)
    own.write_bytes(other.checkpoint.read_bytes())
    fitted = again()
    assert fitted.resumed_from_epoch is None, "the same path, but another checkpoint in it"


@pytest.mark.parametrize(
    ("model", "data", "said"),
    [
        ({"hidden_size": 16}, {}, r"model\.hidden_size is 16, but 8 there.*Set model\.hidden_size: 8"),
        ({"cell": "gru", "num_layers": 1}, {}, r"model\.cell is gru, but lstm there; model\.num_layers is 1, but 2"),
        ({}, {"horizon": 3}, r"data\.horizon is 3, but 6 there.*leave training\.start_from empty"),
    ],
)
def test_another_network_is_refused_by_name(
    tmp_path: Path, base: Checkpoint, model: dict[str, object], data: dict[str, object], said: str
) -> None:
    asked = ModelSettings.model_validate({**TINY_MODEL.model_dump(), **model})
    records = DataSettings(lookback=24, **{"horizon": 6, **data})
    with pytest.raises(SettingsError, match=said):
        train(tmp_path, asked, records, start_from=str(base.path))
    assert not (tmp_path / "checkpoints").exists()


def test_attention_starts_from_the_same_lookback_alone(tmp_path: Path, base: Checkpoint) -> None:
    begun = str(base.path)
    assert starting_checkpoint(begun, TINY_MODEL, base.lookback, base.horizon) is not None
    with pytest.raises(SettingsError, match=r"data\.lookback is 12, but 24 there.*Set data\.lookback: 24"):
        starting_checkpoint(begun, TINY_MODEL, 12, base.horizon)
    without = TINY_MODEL.model_copy(update={"attention": False})
    plain = str(train(tmp_path, without, **HARDLY).checkpoint)
    assert starting_checkpoint(plain, without, 12, base.horizon) is not None, "states know no lookback"


def test_name_and_dropout_are_free(base: Checkpoint) -> None:
    asked = TINY_MODEL.model_copy(update={"name": "mine", "dropout": 0.5})
    assert starting_checkpoint(str(base.path), asked, base.lookback, base.horizon) is not None


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"start_from 'nowhere\.ckpt'.*not there.*pretrained"):
        starting_checkpoint("nowhere.ckpt", TINY_MODEL, 24, 6)
    damaged = tmp_path / "damaged.ckpt"
    damaged.write_bytes(b"no checkpoint")
    with pytest.raises(SettingsError, match=r"damaged\.ckpt.*damaged"):
        starting_checkpoint(str(damaged), TINY_MODEL, 24, 6)


@pytest.fixture
def package(tmp_path: Path, base: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder that comes with the base as its model."""
    folder = tmp_path / "pretrained"
    folder.mkdir()
    (folder / files.CHECKPOINT).write_bytes(base.path.read_bytes())
    (folder / files.INDEX).write_text(json.dumps({"files": {files.CHECKPOINT: base.sha256}}))
    monkeypatch.setattr(files.shipped_file, "__defaults__", (folder,))
    return folder


@pytest.mark.usefixtures("package")
def test_pretrained_is_the_checkpoint_of_the_package(base: Checkpoint) -> None:
    found = starting_checkpoint("pretrained", TINY_MODEL, base.lookback, base.horizon)
    assert found is not None
    assert found.sha256 == base.sha256


def test_a_changed_base_model_is_refused(package: Path, base: Checkpoint) -> None:
    (package / files.CHECKPOINT).write_bytes(base.path.read_bytes() + b" ")
    with pytest.raises(SettingsError, match=r"'pretrained'.*sha256 differs.*make pretrained"):
        starting_checkpoint("pretrained", TINY_MODEL, base.lookback, base.horizon)


def test_a_package_without_a_base_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match=r"holds no base model.*make pretrained"):
        files.shipped_file(files.ONNX, tmp_path)
    assert not files.is_shipped(tmp_path)


def test_what_is_shipped_is_whole() -> None:
    if not files.is_shipped():
        pytest.skip("bloodtwin_core/pretrained holds no base model yet")
    index = files.ShippedFiles.model_validate_json((files.FOLDER / files.INDEX).read_text())
    assert set(index.files) == set(files.FILES)
    for name, sha256 in index.files.items():
        assert sha256_of(files.shipped_file(name)) == sha256
