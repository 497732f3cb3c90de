"""The Lightning Trainer of fit(): its callbacks, where it writes, what it draws, and how it is kept quiet."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from bloodtwin_core.config import Device, TrainingMode, TrainingSettings
from bloodtwin_core.training.averaging import AveragedWeights
from bloodtwin_core.training.batches import DenseBatches, ValidationBatches, WindowedBatches
from bloodtwin_core.training.callbacks import EpochReporter
from bloodtwin_core.training.compute import LIGHTNING_PRECISION, Compute
from bloodtwin_core.training.module import ForecasterTraining
from bloodtwin_core.training.resuming import KeptCheckpoint, RandomState, ScheduleSteps, StopsEarly, WholeFiles
from bloodtwin_core.training.tensorboard_logs import forget_old_logs
from bloodtwin_core.windows import WindowedSeries

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ranks:
    """Which of the processes that share a training this one is: rank of all, local of them on this machine."""

    rank: int
    all: int
    local: int


def trainer_for(
    training: TrainingSettings,
    compute: Compute,
    reporter: EpochReporter,
    in_progress: Path,
    tensorboard: Path,
    ranks: Ranks | None = None,
) -> L.Trainer:
    """A trainer that keeps the best and the last epoch in the folder in_progress; one of several as ranks says."""
    in_a_terminal = sys.stdout.isatty() and not (ranks and ranks.rank)  # where Lightning draws
    if not (ranks and ranks.rank):
        forget_old_logs(tensorboard)
    callbacks: list[L.Callback] = [
        reporter,
        RandomState(),
        ScheduleSteps(reporter),
        StopsEarly("val_mae", patience=training.early_stopping_patience),
        KeptCheckpoint(in_progress, filename="best", monitor="val_mae", enable_version_counter=False),
        # A second one because Lightning's save_last writes only in epochs that are a new best.
        KeptCheckpoint(in_progress, filename="last", enable_version_counter=False),
    ]
    if training.weight_averaging:
        callbacks.append(AveragedWeights(training.weight_averaging))
    if in_a_terminal:
        callbacks.append(TQDMProgressBar())
    return L.Trainer(
        accelerator=compute.device.value,
        devices=ranks.local if ranks else 1,
        num_nodes=ranks.all // ranks.local if ranks else 1,
        strategy=_strategy(compute) if ranks else "auto",
        use_distributed_sampler=False,
        precision=LIGHTNING_PRECISION[compute.precision],
        max_epochs=training.max_epochs,
        gradient_clip_val=training.gradient_clip_val or None,
        callbacks=callbacks,
        plugins=[WholeFiles()],
        logger=TensorBoardLogger(tensorboard.parent, name=tensorboard.name),
        log_every_n_steps=10,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=in_a_terminal,
    )


def _strategy(compute: Compute) -> DDPStrategy:
    """Gradients are added up; what all know alike, such as the series itself, is not sent with every step."""
    backend = "nccl" if compute.device is Device.cuda else "gloo"
    return DDPStrategy(process_group_backend=backend, broadcast_buffers=False)


def run_trainer(
    trainer: L.Trainer,
    module: ForecasterTraining,
    windows: WindowedSeries,
    training: TrainingSettings,
    reporter: EpochReporter,
    resume_from: Path | None,
) -> None:
    """Train the module on the windows, from the epoch after a checkpoint's if there is one to resume from."""
    if resume_from:
        logger.info("Resuming the broken run of the same settings and data from %s", resume_from)
    trainer.fit(
        module,
        train_dataloaders=_loader(_training_batches(windows, training, reporter)),
        val_dataloaders=_loader(ValidationBatches(windows, training)),
        ckpt_path=resume_from,
        weights_only=True if resume_from else None,
    )


def _training_batches(
    windows: WindowedSeries, training: TrainingSettings, reporter: EpochReporter
) -> IterableDataset[Tensor]:
    dense = training.mode is TrainingMode.dense
    return DenseBatches(windows, training, reporter) if dense else WindowedBatches(windows, training, reporter)


def _loader(dataset: IterableDataset[Tensor]) -> DataLoader[Tensor]:
    return DataLoader(dataset, batch_size=None, num_workers=0)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Meanwhile, let Lightning say what is of use alone."""
    # Lightning repeats what is logged here already (device, why it stopped) and advertises; its warnings stay,
    # but for four that do not apply: there is nothing for worker processes to load, in_progress/ is ours
    # to fill, one is Lightning's own use of torch, and what is to come in place of an argument does less.
    notes = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    level = notes.level
    notes.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for message in (
                "does not have many workers",
                "Checkpoint directory",
                "isinstance.treespec, LeafSpec",
                "`broadcast_buffers` is deprecated",
            ):
                warnings.filterwarnings("ignore", message=f".*{message}.*")
            yield
    finally:
        notes.setLevel(level)
