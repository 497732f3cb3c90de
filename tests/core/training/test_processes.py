"""Several processes that share each step do together what one does alone."""

import multiprocessing
import os
import socket
import sys
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

from bloodtwin_core.common.errors import SettingsError, StorageError, TrainingFailed
from bloodtwin_core.config import Device, TrainingMode, TrainingSettings
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.training import CheckpointFolder, FittedModel
from bloodtwin_core.training.batches import DenseBatches, ValidationBatches, WindowedBatches
from bloodtwin_core.training.compute import require_a_device_each
from bloodtwin_core.training.fit import fit
from bloodtwin_core.training.processes import rank as a_rank
from bloodtwin_core.training.processes import sharing
from bloodtwin_core.training.processes.launcher import Launcher
from bloodtwin_core.training.processes.rank import train_rank
from bloodtwin_core.training.trainer import Ranks
from tests.core.tiny import TINY_MODEL, TINY_TRAINING, tiny_windows

WITHOUT_CHANCE = TINY_MODEL.model_copy(update={"dropout": 0.0})
"""Dropout is drawn by each process for itself."""


class FirstEpoch:
    current_epoch = 0


def _rank(rank: int, port: int, order: str, dies_after: int) -> None:
    """In a fork: what torchrun tells one of two processes."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2", GROUP_RANK="0")
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), TORCHELASTIC_RUN_ID="test")
    epochs = 0

    def count(_report: object) -> None:
        nonlocal epochs
        epochs += 1
        if epochs > dies_after:
            os._exit(9)

    train_rank(Path(order), count)


def forked(dies_after: int = 1000) -> Launcher:
    """Two processes that have all imports already; the first dies within the epoch after so many."""

    def run(command: Sequence[str]) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        context = multiprocessing.get_context("fork")
        ranks: list[BaseProcess] = [
            context.Process(target=_rank, args=(rank, port, command[-1], dies_after)) for rank in range(2)
        ]
        for rank in ranks:
            rank.start()
        for rank in ranks:
            rank.join()
        return max(abs(rank.exitcode or 0) for rank in ranks)

    return Launcher(run=run)


def train(folder: Path, training: TrainingSettings, launcher: Launcher | None = None) -> FittedModel:
    windows, scaler = tiny_windows()
    checkpoints = CheckpointFolder(folder / "checkpoints")
    return fit(
        windows, scaler, WITHOUT_CHANCE, training, checkpoints, folder / "tensorboard", "data", launcher=launcher
    )


@pytest.mark.parametrize("kind", [DenseBatches, WindowedBatches, ValidationBatches])
@pytest.mark.parametrize("processes", [2, 3])
def test_what_processes_draw_is_together_what_one_draws(
    kind: type, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, _ = tiny_windows()
    settings = TINY_TRAINING.model_copy(update={"batch_size": 7, "chunk_batch_size": 3})
    arguments = (windows, settings) if kind is ValidationBatches else (windows, settings, FirstEpoch())
    alone = list(kind(*arguments))
    monkeypatch.setattr(sharing, "_is_shared", lambda: True)
    monkeypatch.setattr(sharing.distributed, "get_world_size", lambda: processes)
    parts = []
    for rank in range(processes):
        monkeypatch.setattr(sharing.distributed, "get_rank", lambda rank=rank: rank)
        parts.append(list(kind(*arguments)))
    assert {len(part) for part in parts} == {len(alone)}, "every process takes every step"
    for batch, *shares in zip(alone, *parts, strict=True):
        assert all(len(share) for share in shares)
        counted = torch.cat([_supervised(share) for share in shares])
        assert sorted(counted.tolist()) == sorted(_supervised(batch).tolist())


def _supervised(batch: torch.Tensor) -> torch.Tensor:
    """What of a batch counts: rows that are no ~row, chunks whose tile holds something."""
    return batch[batch >= 0] if batch.dim() == 1 else batch[batch[:, 1] < batch[:, 2]]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.parametrize("mode", list(TrainingMode))
def test_two_processes_learn_what_one_does(tmp_path: Path, mode: TrainingMode) -> None:
    alone = TINY_TRAINING.model_copy(update={"mode": mode, "batch_size": 33, "chunk_batch_size": 3, "max_epochs": 3})
    one = train(tmp_path / "one", alone)
    two = train(tmp_path / "two", alone.model_copy(update={"processes": 2}), forked())
    for first, second in zip(one.epochs, two.epochs, strict=True):
        assert second.val_mae == pytest.approx(first.val_mae, abs=0.02)
        assert second.learning_rate == first.learning_rate
    offsets = [load_checkpoint(fitted.checkpoint).forecaster.offsets for fitted in (one, two)]
    torch.testing.assert_close(offsets[0], offsets[1], atol=0.1, rtol=0.0)
    assert not (tmp_path / "two" / "checkpoints" / "in_progress").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_process_that_dies_ends_the_training_which_goes_on_from_its_last_epoch(tmp_path: Path) -> None:
    training = TINY_TRAINING.model_copy(update={"processes": 2, "max_epochs": 4})
    with pytest.raises(TrainingFailed, match=r"a process of the training failed or was killed.*goes on from there"):
        train(tmp_path, training, forked(dies_after=2))
    assert load_checkpoint(CheckpointFolder(tmp_path / "checkpoints").in_progress / "last.ckpt").version
    fitted = train(tmp_path, training, forked())
    assert fitted.resumed_from_epoch == 2
    assert [report.epoch for report in fitted.epochs] == [0, 1, 2, 3]


def test_what_a_process_says_is_the_cause(tmp_path: Path) -> None:
    training = TINY_TRAINING.model_copy(update={"processes": 2})

    def run(command: Sequence[str]) -> int:
        Path(command[-1]).with_name("failure.txt").write_text("the disk is full")
        return 1

    with pytest.raises(TrainingFailed, match=r"the others were ended \(the disk is full\)\. There is no epoch"):
        train(tmp_path, training, Launcher(run=run))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_whatever_ends_a_process_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object, ranks: Ranks, **_others: object) -> None:
        raise StorageError("the disk is full.") if ranks.rank else MemoryError("no memory\nfor 8 GiB")

    monkeypatch.setattr(a_rank, "train_here", fails)
    training = TINY_TRAINING.model_copy(update={"processes": 2})
    with pytest.raises(TrainingFailed, match=r"\(the disk is full\)\. There is no epoch"):
        train(tmp_path, training, forked())
    monkeypatch.setattr(a_rank, "train_here", Mock(side_effect=MemoryError("no memory\nfor 8 GiB")))
    with pytest.raises(TrainingFailed, match=r"\(MemoryError: no memory\)"):
        train(tmp_path, training, forked())


def test_another_training_is_not_given_to_processes_in_silence(tmp_path: Path) -> None:
    windows, scaler = tiny_windows()
    checkpoints, training = CheckpointFolder(tmp_path), TINY_TRAINING.model_copy(update={"processes": 2})
    with pytest.raises(ValueError, match="train it in this process"):
        fit(windows, scaler, WITHOUT_CHANCE, training, checkpoints, tmp_path, "data", made=Mock())


def test_each_process_needs_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    require_a_device_each(1, Device.cuda)
    require_a_device_each(64, Device.cpu)
    with pytest.raises(SettingsError, match=r"training\.processes is 2, but .* finds 1 of cuda here\. Set .*: 1, or"):
        require_a_device_each(2, Device.cuda)


def test_it_is_off_by_default() -> None:
    assert TrainingSettings().processes == 1
