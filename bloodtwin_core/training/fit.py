"""fit(): train a forecaster with Lightning, keep the best checkpoint, resume a broken run."""

import logging
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lightning as L
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from bloodtwin_core.common.errors import SettingsError, TrainingFailed
from bloodtwin_core.common.files import sha256_of, storage_errors
from bloodtwin_core.config import ModelSettings, TrainingMode, TrainingSettings
from bloodtwin_core.network.checkpoint import STARTED_FROM, Checkpoint
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.training.averaging import AveragedWeights
from bloodtwin_core.training.batches import DenseBatches, ValidationBatches, WindowedBatches
from bloodtwin_core.training.calibration import calibrate_checkpoint
from bloodtwin_core.training.callbacks import EpochReporter
from bloodtwin_core.training.checkpoint_folder import BEST, CheckpointFolder, EpochReport, run_identity
from bloodtwin_core.training.compute import (
    LIGHTNING_PRECISION,
    Compute,
    choose_compute,
    denormals_as_zero,
)
from bloodtwin_core.training.module import ForecasterTraining, MakesTraining
from bloodtwin_core.training.start import starting_checkpoint
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.scaler import FeatureScaler

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FittedModel:
    """A finished training; resumed_from_epoch is None for one without a break, base for one of fresh weights."""

    checkpoint: Path
    sha256: str
    epochs: tuple[EpochReport, ...]
    resumed_from_epoch: int | None
    compute: Compute
    base: Checkpoint | None = None

    @property
    def best(self) -> EpochReport:
        """The epoch whose weights were kept."""
        return min(self.epochs, key=lambda report: report.val_mae)


def ignore(_report: EpochReport) -> None:
    """Listen to no epoch."""


def fit(
    windows: WindowedSeries,
    scaler: FeatureScaler,
    model: ModelSettings,
    training: TrainingSettings,
    checkpoints: CheckpointFolder,
    tensorboard: Path,
    data_fingerprint: str,
    on_epoch: Callable[[EpochReport], None] = ignore,
    *,
    made: MakesTraining = ForecasterTraining,
    calibrate: bool = True,
) -> FittedModel:
    """Train a forecaster and keep the checkpoint of its best epoch, its quantiles calibrated (see calibration.py).

    Stops early on validation MAE (mg/dL). Resumes a broken run of the same settings and data. The
    checkpoint that stood before is replaced only when the training is done. With training.start_from the network
    begins with that checkpoint's weights and keeps its scaler, whatever scaler was fitted here. A study may have the
    training made by something else and leave its quantiles as they were trained.
    Raises SettingsError if the device is not there, start_from does not fit, or attention looks back further than a
    chunk of training.chunk_length records, TrainingFailed if the loss stops being a number, StorageError if checkpoints
    or logs cannot be written.
    """
    _require_whole_lookbacks(model, training, windows.lookback)
    compute = choose_compute(training, model.cell)
    logger.info("Training on %s", compute)
    base = starting_checkpoint(training.start_from, model, windows.lookback, windows.horizon, windows.features)
    run = run_identity(model, training, data_fingerprint, base.sha256 if base else "")
    resume_from = checkpoints.begin(run, training.resume)
    if resume_from:
        logger.info("Resuming the broken run of the same settings and data from %s", resume_from)
    L.seed_everything(training.seed, verbose=False)
    module = made(windows, base.scaler if base else scaler, model, training, data_fingerprint)
    if base:
        _start(module, base)
    reporter = EpochReporter(on_epoch)
    with (
        storage_errors(tensorboard),
        storage_errors(checkpoints.folder),
        denormals_as_zero(),
        torch_threads(compute.threads),
        _quiet_lightning(),
    ):
        trainer = _trainer(training, compute, reporter, checkpoints.in_progress, tensorboard)
        trainer.fit(
            module,
            train_dataloaders=_loader(_training_batches(windows, training, reporter)),
            val_dataloaders=_loader(ValidationBatches(windows, training)),
            ckpt_path=resume_from,
            weights_only=True if resume_from else None,
        )
    if not any(math.isfinite(report.val_mae) for report in reporter.epochs):
        checkpoints.abandon()
        raise TrainingFailed(
            "the validation MAE was not a number in any epoch, so there is no checkpoint to keep. "
            "Lower training.learning_rate or set training.precision: float32"
        )
    _log_the_end(reporter, training)
    if calibrate:
        with torch_threads(compute.threads):
            calibrate_checkpoint(checkpoints.in_progress / BEST, windows, compute.device.value)
    checkpoints.publish(reporter.epochs)
    return FittedModel(
        checkpoint=checkpoints.best,
        sha256=sha256_of(checkpoints.best),
        epochs=tuple(reporter.epochs),
        resumed_from_epoch=reporter.resumed_from,
        compute=compute,
        base=base,
    )


def _require_whole_lookbacks(model: ModelSettings, training: TrainingSettings, lookback: int) -> None:
    dense = training.mode is TrainingMode.dense
    if model.attention and dense and training.chunk_length < lookback:
        raise SettingsError(
            f"training.chunk_length is {training.chunk_length}, but data.lookback is {lookback}: attention would never "
            f"learn from the oldest records. Set training.chunk_length: {lookback} or more, or model.attention: false"
        )


def _start(module: ForecasterTraining, base: Checkpoint) -> None:
    logger.info("Starting from the weights and the scaler of %s", base.path)
    module.forecaster.load_state_dict(base.forecaster.state_dict())
    module.save_hyperparameters({STARTED_FROM: base.sha256})


def _trainer(
    training: TrainingSettings, compute: Compute, reporter: EpochReporter, in_progress: Path, tensorboard: Path
) -> L.Trainer:
    in_a_terminal = sys.stdout.isatty()  # where Lightning draws
    callbacks: list[L.Callback] = [
        reporter,
        EarlyStopping("val_mae", patience=training.early_stopping_patience),
        ModelCheckpoint(in_progress, filename="best", monitor="val_mae", enable_version_counter=False),
        # A second one because Lightning's save_last writes only in epochs that are a new best.
        ModelCheckpoint(in_progress, filename="last", enable_version_counter=False),
    ]
    if training.weight_averaging:
        callbacks.append(AveragedWeights(training.weight_averaging))
    if in_a_terminal:
        callbacks.append(TQDMProgressBar())
    return L.Trainer(
        accelerator=compute.device.value,
        devices=1,
        precision=LIGHTNING_PRECISION[compute.precision],
        max_epochs=training.max_epochs,
        gradient_clip_val=training.gradient_clip_val or None,
        callbacks=callbacks,
        logger=TensorBoardLogger(tensorboard.parent, name=tensorboard.name),
        log_every_n_steps=10,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=in_a_terminal,
    )


def _training_batches(
    windows: WindowedSeries, training: TrainingSettings, reporter: EpochReporter
) -> IterableDataset[Tensor]:
    dense = training.mode is TrainingMode.dense
    return DenseBatches(windows, training, reporter) if dense else WindowedBatches(windows, training, reporter)


def _loader(dataset: IterableDataset[Tensor]) -> DataLoader[Tensor]:
    return DataLoader(dataset, batch_size=None, num_workers=0)


def _log_the_end(reporter: EpochReporter, training: TrainingSettings) -> None:
    count, best = len(reporter.epochs), min(reporter.epochs, key=lambda report: report.val_mae)
    why = (
        "training.max_epochs"
        if count >= training.max_epochs
        else "no better epoch for training.early_stopping_patience"
    )
    logger.info("Stopped after %d epochs (%s); best epoch %d, val_mae %.3f mg/dL", count, why, best.epoch, best.val_mae)


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    # Lightning repeats what is logged here already (device, why it stopped) and advertises; its warnings stay,
    # but for three that do not apply: there is nothing for worker processes to load, in_progress/ is ours
    # to fill, and one is Lightning's own use of torch.
    notes = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    level = notes.level
    notes.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for message in ("does not have many workers", "Checkpoint directory", "isinstance.treespec, LeafSpec"):
                warnings.filterwarnings("ignore", message=f".*{message}.*")
            yield
    finally:
        notes.setLevel(level)
