"""Averaged weights are what is validated and kept, and a resumed training goes on from the weights themselves."""

from pathlib import Path

import lightning as L
import pytest
import torch
from torch import nn

from bloodtwin_core.training import EpochReport, FittedModel
from bloodtwin_core.training.averaging import AveragedWeights
from bloodtwin_core.training.checkpoint_folder import CheckpointFolder
from bloodtwin_core.training.fit import fit
from tests.core.tiny import TINY_MODEL, TINY_TRAINING, tiny_windows

TRAINER = L.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
WITHOUT_CHANCE = TINY_MODEL.model_copy(update={"dropout": 0.0})


class Weight(L.LightningModule):
    """A single weight that a test sets by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


class Interrupted(BaseException):
    """Stops a training from outside."""


def test_the_average_stands_in_from_validation_to_the_next_epoch() -> None:
    module, averaging = Weight(), AveragedWeights(0.5)
    averaging.on_train_start(TRAINER, module)
    steps = (1.0, 2.0, 3.0)
    average = 0.0
    for step, value in enumerate(steps, start=1):
        module.weight.data.fill_(value)
        averaging.on_train_batch_end(TRAINER, module)
        decay = min(0.5, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * value
    averaging.on_validation_start(TRAINER, module)
    assert module.weight.item() == pytest.approx(average)
    averaging.on_train_epoch_start(TRAINER, module)
    assert module.weight.item() == steps[-1]


def test_a_resumed_training_repeats_an_unbroken_one(tmp_path: Path) -> None:
    def train(folder: Path, stop_after: int = 99) -> FittedModel:
        def listen(report: EpochReport) -> None:
            if report.epoch >= stop_after:
                raise Interrupted

        windows, scaler = tiny_windows()
        training = TINY_TRAINING.model_copy(update={"max_epochs": 5, "weight_averaging": 0.9})
        checkpoints = CheckpointFolder(folder / "checkpoints")
        return fit(windows, scaler, WITHOUT_CHANCE, training, checkpoints, folder / "logs", "data", on_epoch=listen)

    with pytest.raises(Interrupted):
        train(tmp_path / "broken", stop_after=2)
    resumed, unbroken = train(tmp_path / "broken"), train(tmp_path / "unbroken")
    assert resumed.resumed_from_epoch == 2
    assert [e.val_mae for e in resumed.epochs] == pytest.approx([e.val_mae for e in unbroken.epochs], abs=1e-4)
