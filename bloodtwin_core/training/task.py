"""One training, as whoever does it needs it: the process of the run, or each of the processes that share its steps."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lightning as L
import torch

from bloodtwin_core.common.files import private_folder, storage_errors
from bloodtwin_core.config import ModelSettings, TrainingSettings
from bloodtwin_core.network.checkpoint import STARTED_FROM, Checkpoint
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.training.callbacks import EpochReporter
from bloodtwin_core.training.checkpoint_folder import TIMINGS, EpochReport
from bloodtwin_core.training.compute import Compute, denormals_as_zero
from bloodtwin_core.training.module import ForecasterTraining, MakesTraining
from bloodtwin_core.training.trainer import Ranks, quiet_lightning, run_trainer, trainer_for
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.scaler import FeatureScaler


@dataclass(frozen=True)
class TrainingTask:
    """What is trained, on what, and where it writes.

    in_progress: where checkpoints go. base: whose weights and scaler it begins with; None for fresh ones. resume_from:
    the checkpoint of a broken training to go on from.
    """

    windows: WindowedSeries
    scaler: FeatureScaler
    model: ModelSettings
    training: TrainingSettings
    data_fingerprint: str
    in_progress: Path
    tensorboard: Path
    base: Checkpoint | None = None
    resume_from: Path | None = None


@dataclass(frozen=True)
class Trained:
    """All epochs of a finished training; resumed_from is None for one without a break."""

    epochs: tuple[EpochReport, ...]
    resumed_from: int | None


def train_here(
    task: TrainingTask,
    compute: Compute,
    on_epoch: Callable[[EpochReport], None],
    made: MakesTraining = ForecasterTraining,
    ranks: Ranks | None = None,
) -> Trained:
    """Train in this process, as one of several where ranks says so. Raises StorageError."""
    L.seed_everything(task.training.seed, verbose=False)
    scaler = task.base.scaler if task.base else task.scaler
    module = made(task.windows, scaler, task.model, task.training, task.data_fingerprint)
    if task.base:
        module.forecaster.load_state_dict(task.base.forecaster.state_dict())
        module.save_hyperparameters({STARTED_FROM: task.base.sha256})
    if ranks and ranks.rank:
        # Each process drops out other units; batches depend on seed and epoch alone and stay the same.
        torch.manual_seed(task.training.seed + ranks.rank)
    reporter = EpochReporter(on_epoch, task.in_progress / TIMINGS)
    threads = max(1, compute.threads // ranks.local) if ranks and not task.training.threads else compute.threads
    with (
        storage_errors(task.tensorboard),
        storage_errors(task.in_progress.parent),
        denormals_as_zero(),
        torch_threads(threads),
        quiet_lightning(),
    ):
        private_folder(task.tensorboard)
        trainer = trainer_for(task.training, compute, reporter, task.in_progress, task.tensorboard, ranks)
        run_trainer(trainer, module, task.windows, task.training, reporter, task.resume_from)
    return Trained(tuple(reporter.epochs), reporter.resumed_from)
