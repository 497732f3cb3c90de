"""fit() keeps the best epoch, survives a kill, and touches nothing that stood before it is done."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from bloodtwin_core.common.errors import ArtifactMissing, CheckpointMismatch, SettingsError, TrainingFailed
from bloodtwin_core.config import Schedule, TrainingMode, TrainingSettings
from bloodtwin_core.evaluation.testing import errors_on
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.records import Split
from bloodtwin_core.training import CheckpointFolder, EpochReport, FittedModel
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows import Origins
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, tiny_windows


class Interrupted(BaseException):
    """Stands for the interrupt that an orchestrator raises in the middle of an epoch."""


def train(
    folder: Path, training: TrainingSettings = TINY_TRAINING, data: str = "data", **listening: object
) -> FittedModel:
    windows, scaler = tiny_windows()
    checkpoints = CheckpointFolder(folder / "checkpoints")
    return fit(windows, scaler, TINY_MODEL, training, checkpoints, folder / "tensorboard", data, **listening)  # type: ignore[arg-type]


def stop_after(epochs: int) -> dict[str, object]:
    """A listener that interrupts the training once so many epochs are done and their checkpoint is written."""

    def listen(report: EpochReport) -> None:
        if report.epoch >= epochs:
            raise Interrupted

    return {"on_epoch": listen}


@pytest.mark.parametrize("mode", list(TrainingMode))
def test_training_learns_and_keeps_the_epoch_of_least_validation_error(tmp_path: Path, mode: TrainingMode) -> None:
    reports: list[EpochReport] = []
    training = TINY_TRAINING.model_copy(update={"mode": mode, "max_epochs": 4})
    fitted = train(tmp_path, training, on_epoch=reports.append)
    assert list(fitted.epochs) == reports
    assert fitted.best.val_mae == min(report.val_mae for report in reports)
    assert fitted.epochs[-1].train_loss < fitted.epochs[0].train_loss
    assert all(report.forecasts_per_second > 0 for report in reports)
    assert CheckpointFolder(tmp_path / "checkpoints").read_learning_curve() == reports
    assert load_checkpoint(fitted.checkpoint).sha256 == fitted.sha256


def test_validation_days_without_a_forecast_origin_count_for_nothing(tmp_path: Path) -> None:
    windows, scaler = tiny_windows(pumps=1, count=2000)
    rows = windows.origins[Split.validate].rows
    ends = Origins(np.concatenate([rows[:10], rows[-10:]]), np.ones(20, dtype=np.bool_))
    windows = dataclasses.replace(windows, origins={**windows.origins, Split.validate: ends})
    training = TINY_TRAINING.model_copy(update={"chunk_batch_size": 1, "max_epochs": 1})
    fitted = fit(windows, scaler, TINY_MODEL, training, CheckpointFolder(tmp_path / "ckpt"), tmp_path / "logs", "data")
    expected = errors_on(load_checkpoint(fitted.checkpoint).forecaster, windows, Split.validate)
    assert fitted.best.val_mae == pytest.approx(expected.mae(1, windows.horizon), abs=1e-2)


def test_the_same_seed_gives_the_same_training(tmp_path: Path) -> None:
    first, second = train(tmp_path / "first"), train(tmp_path / "second")
    assert [e.val_mae for e in first.epochs] == [e.val_mae for e in second.epochs]


def test_whatever_a_training_writes_is_for_the_owner_alone(tmp_path: Path) -> None:
    train(tmp_path)
    written = list(tmp_path.rglob("*"))
    assert any("tfevents" in path.name for path in written)
    assert not [path for path in written if path.stat().st_mode & 0o077]


def test_attention_wants_chunks_of_a_whole_lookback(tmp_path: Path) -> None:
    short = TINY_TRAINING.model_copy(update={"chunk_length": TINY_DATA.lookback - 1})
    with pytest.raises(SettingsError, match=r"chunk_length is 23.*Set training\.chunk_length: 24.*attention: false"):
        train(tmp_path, short)
    assert not (tmp_path / "checkpoints").exists()
    train(tmp_path, short.model_copy(update={"mode": TrainingMode.windowed, "max_epochs": 1}))


def test_a_broken_run_goes_on_from_its_last_epoch(tmp_path: Path) -> None:
    training = TINY_TRAINING.model_copy(update={"max_epochs": 4})
    with pytest.raises(Interrupted):
        train(tmp_path, training, **stop_after(2))
    fitted = train(tmp_path, training)
    assert fitted.resumed_from_epoch == 2
    assert [report.epoch for report in fitted.epochs] == [0, 1, 2, 3]
    assert not (tmp_path / "checkpoints" / "in_progress").exists()


@pytest.mark.parametrize("change", ["settings", "data", "resume"])
def test_a_broken_run_of_other_settings_or_data_is_not_resumed(tmp_path: Path, change: str) -> None:
    with pytest.raises(Interrupted):
        train(tmp_path, **stop_after(1))
    changed = {"settings": {"learning_rate": 0.5e-2}, "data": {}, "resume": {"resume": False}}[change]
    fitted = train(tmp_path, TINY_TRAINING.model_copy(update=changed), data="other" if change == "data" else "data")
    assert fitted.resumed_from_epoch is None
    assert len(fitted.epochs) == TINY_TRAINING.max_epochs


def test_what_stood_before_an_interrupted_training_still_stands(tmp_path: Path) -> None:
    before = train(tmp_path)
    with pytest.raises(Interrupted):
        train(tmp_path, TINY_TRAINING.model_copy(update={"seed": 7}), **stop_after(1))
    assert load_checkpoint(before.checkpoint).sha256 == before.sha256


def test_a_finished_training_is_not_resumed_but_trained_anew(tmp_path: Path) -> None:
    train(tmp_path)
    assert train(tmp_path).resumed_from_epoch is None


def test_a_killed_process_can_be_resumed(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tests.core.training.test_fit import train
        from tests.core.tiny import TINY_TRAINING
        folder = Path(sys.argv[1])
        endless = TINY_TRAINING.model_copy(update={"max_epochs": 10_000, "early_stopping_patience": 1000})
        train(folder, endless, on_epoch=lambda report: (folder / "epochs").write_text(str(report.epoch)))
        """
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=Path(__file__).parents[3])
    deadline = time.monotonic() + 120
    while not (tmp_path / "epochs").exists() or int((tmp_path / "epochs").read_text() or 0) < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline, "the training did not reach its third epoch"
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    endless = TINY_TRAINING.model_copy(update={"max_epochs": 10_000, "early_stopping_patience": 1000})
    reports: list[EpochReport] = []

    def listen(report: EpochReport) -> None:
        reports.append(report)
        if len(reports) == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(tmp_path, endless, on_epoch=listen)
    assert reports[0].epoch >= 2


def test_a_training_whose_error_is_no_number_says_so_and_replaces_nothing(tmp_path: Path) -> None:
    before = train(tmp_path)
    windows, scaler = tiny_windows()
    broken = np.array(windows.series)
    broken[:, 0] = np.nan
    windows = dataclasses.replace(windows, series=broken)
    folder = CheckpointFolder(tmp_path / "checkpoints")
    with pytest.raises(TrainingFailed, match=r"not a number.*learning_rate"):
        fit(windows, scaler, TINY_MODEL, TINY_TRAINING, folder, tmp_path / "tensorboard", "nan")
    assert not folder.in_progress.exists(), "a training that failed is not worth resuming"
    assert load_checkpoint(before.checkpoint).sha256 == before.sha256


def test_a_checkpoint_of_other_settings_or_data_is_refused_by_name(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(train(tmp_path).checkpoint)
    checkpoint.require(TINY_MODEL, "data")
    with pytest.raises(CheckpointMismatch, match=r"hidden_size was 8 and is 16 now.*trained_checkpoint"):
        checkpoint.require(TINY_MODEL.model_copy(update={"hidden_size": 16}), "data")
    with pytest.raises(CheckpointMismatch, match="other windows"):
        checkpoint.require(TINY_MODEL, "other data")


def test_a_missing_or_damaged_checkpoint_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "best.ckpt"
    with pytest.raises(ArtifactMissing, match=r"best\.ckpt"):
        load_checkpoint(path)
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ArtifactMissing, match=r"best\.ckpt.*damaged"):
        load_checkpoint(path)
    for other in ([1, 2], {"hyper_parameters": {}}):
        torch.save(other, path)
        with pytest.raises(ArtifactMissing, match=r"best\.ckpt.*damaged"):
            load_checkpoint(path)
    trained = train(tmp_path).checkpoint
    of_another_program = torch.load(trained, weights_only=True)
    del of_another_program["bloodtwin_version"]
    torch.save(of_another_program, path)
    with pytest.raises(ArtifactMissing, match=r"best\.ckpt.*bloodtwin_version"):
        load_checkpoint(path)
    intact = trained.read_bytes()
    path.write_bytes(intact[: len(intact) // 2])
    with pytest.raises(ArtifactMissing, match=r"best\.ckpt.*damaged"):
        load_checkpoint(path)


def test_a_damaged_learning_curve_is_an_error(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path)
    folder.learning_curve.write_text(json.dumps([{"epoch": 0}]))
    with pytest.raises(ArtifactMissing, match=r"learning_curve\.json"):
        folder.read_learning_curve()


def test_a_cosine_lowers_the_learning_rate_every_epoch(tmp_path: Path) -> None:
    training = TINY_TRAINING.model_copy(update={"schedule": Schedule.cosine, "max_epochs": 3})
    rates = [report.learning_rate for report in train(tmp_path, training).epochs]
    assert rates[0] == training.learning_rate
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < rates[1] < rates[0]
