"""fit(): train a forecaster with Lightning, keep the best checkpoint, resume a broken run."""

import logging
import math
from collections.abc import Callable
from pathlib import Path

from bloodtwin_core.common.errors import SettingsError, TrainingFailed
from bloodtwin_core.common.files import close_to_others, storage_errors
from bloodtwin_core.config import ModelSettings, TrainingMode, TrainingSettings
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.records import has_past
from bloodtwin_core.training.calibration import calibrate_checkpoint
from bloodtwin_core.training.checkpoint_folder import BEST, CheckpointFolder, EpochReport, run_identity
from bloodtwin_core.training.compute import choose_compute, require_a_device_each
from bloodtwin_core.training.fitted import FittedModel, ignore
from bloodtwin_core.training.module import ForecasterTraining, MakesTraining
from bloodtwin_core.training.past_alone import require_past_and_network
from bloodtwin_core.training.processes.launcher import Launcher
from bloodtwin_core.training.processes.launching import train_in_processes
from bloodtwin_core.training.start import starting_checkpoint
from bloodtwin_core.training.task import Trained, TrainingTask, train_here
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.scaler import FeatureScaler

logger = logging.getLogger(__name__)


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
    on_published: Callable[[FittedModel], None] = lambda _fitted: None,
    start_from: str | None = None,
    made: MakesTraining = ForecasterTraining,
    calibrate: bool = True,
    launcher: Launcher | None = None,
) -> FittedModel:
    """Train a forecaster and keep the checkpoint of its best epoch, its quantiles calibrated (see calibration.py).

    Stops early on validation MAE (mg/dL). Resumes a broken run of the same settings and data: on a CPU, in one process,
    it ends with the weights of an unbroken one, bit for bit. The checkpoint that stood before is replaced only when the
    training is done; on_published then writes it down, and until it has, the next call only finishes what was finished.
    With training.start_from the network begins with that checkpoint's weights and keeps its scaler, whatever scaler was
    fitted here; start_from says where it lies, if not where its setting says. With training.past_alone quantiles are
    calibrated as of people whose past is unknown. A study may have the training made by something else and leave its
    quantiles as they were trained. With a launcher, or training.processes above 1, processes started by it share each
    step, by torchrun by default; these make the usual training alone (ValueError).
    Raises SettingsError if the device is not there or there are more processes than GPUs, start_from does not fit,
    training.past_alone has nothing to start from, training.band_widths has not one for each step, windows and scaler
    have other inputs than each other or than model.past asks for, or attention looks back further than a chunk of
    training.chunk_length records, TrainingFailed if the loss stops being a number, StorageError if checkpoints or logs
    cannot be written.
    """
    _require_whole_lookbacks(model, training, windows.lookback)
    shared = bool(launcher) or training.processes > 1
    if shared and made is not ForecasterTraining:
        raise ValueError("processes that share a training cannot be told of another one: train it in this process")
    _require_width_of_each_step(training, windows.horizon)
    compute = choose_compute(training, model.cell)
    if shared:
        require_a_device_each(training.processes, compute.device)
    logger.info("Training on %s", compute)
    start = training.start_from if start_from is None else start_from
    base = starting_checkpoint(start, model, windows.lookback, windows.horizon, windows.features)
    require_past_and_network(model, training, base)
    _require_same_inputs(model, windows.features, (base.scaler if base else scaler).columns)
    run = run_identity(model, training, data_fingerprint, base.sha256 if base else "")
    finished = checkpoints.settle(run if training.resume else "")
    if finished:
        logger.info("The training of the same settings and data was finished before it was broken off")
    else:
        task = TrainingTask(
            windows=windows,
            scaler=scaler,
            model=model,
            training=training,
            data_fingerprint=data_fingerprint,
            in_progress=checkpoints.in_progress,
            tensorboard=tensorboard,
            base=base,
            resume_from=checkpoints.begin(run, training.resume),
        )
        if base:
            logger.info("Starting from the weights and the scaler of %s", base.path)
        try:
            if shared:
                trained = train_in_processes(task, on_epoch, launcher)
            else:
                trained = train_here(task, compute, on_epoch, made)
        finally:
            with storage_errors(tensorboard):
                if tensorboard.exists():
                    close_to_others(tensorboard)
        _require_numbers(trained, checkpoints)
        _log_the_end(trained, training)
        if calibrate:
            best, widths, past_known = checkpoints.in_progress / BEST, training.band_widths, not training.past_alone
            with torch_threads(compute.threads):
                calibrate_checkpoint(best, windows, compute.device.value, widths, past_known=past_known)
        finished = checkpoints.finish(run, trained.epochs, trained.resumed_from)
    checkpoints.publish(finished)
    fitted = FittedModel(
        checkpoint=checkpoints.best,
        sha256=finished.files[BEST],
        epochs=finished.epochs,
        resumed_from_epoch=finished.resumed_from,
        compute=compute,
        base=base,
    )
    on_published(fitted)
    checkpoints.abandon()
    return fitted


def _require_whole_lookbacks(model: ModelSettings, training: TrainingSettings, lookback: int) -> None:
    dense = training.mode is TrainingMode.dense
    if model.attention and dense and training.chunk_length < lookback:
        raise SettingsError(
            f"training.chunk_length is {training.chunk_length}, but data.lookback is {lookback}: attention would never "
            f"learn from the oldest records. Set training.chunk_length: {lookback} or more, or model.attention: false"
        )


def _require_width_of_each_step(training: TrainingSettings, horizon: int) -> None:
    if training.band_widths and len(training.band_widths) != horizon:
        raise SettingsError(
            f"training.band_widths has {len(training.band_widths)} widths, but data.horizon is {horizon}. "
            "Give one for each step ahead, or leave it empty"
        )


def _require_same_inputs(model: ModelSettings, windows: tuple[str, ...], scaler: tuple[str, ...]) -> None:
    """The features of the windows must be those of the scaler that is used, with a wearer's past if model.past is."""
    for name, features in (("windows", windows), ("scaler", scaler)):
        reads_past = has_past(features)
        if model.past and not reads_past:
            raise SettingsError(
                f"model.past is true, but the {name} given to fit have no wearer's past, so none would be learnt from. "
                "Give with_past(windows) and scaler.with_past(), or set model.past: false"
            )
        if reads_past and not model.past:
            raise SettingsError(
                f"model.past is false, but the {name} given to fit have a wearer's past. "
                "Set model.past: true, or give windows and a scaler without it"
            )
    if windows != scaler:
        raise SettingsError(
            f"the windows given to fit hold {', '.join(windows)}, but the scaler is for {', '.join(scaler)}. "
            "Cut the windows with that scaler"
        )


def _require_numbers(trained: Trained, checkpoints: CheckpointFolder) -> None:
    if not any(math.isfinite(report.val_mae) for report in trained.epochs):
        checkpoints.abandon()
        raise TrainingFailed(
            "the validation MAE was not a number in any epoch, so there is no checkpoint to keep. "
            "Lower training.learning_rate or set training.precision: float32"
        )


def _log_the_end(trained: Trained, training: TrainingSettings) -> None:
    count, best = len(trained.epochs), min(trained.epochs, key=lambda report: report.val_mae)
    why = (
        "training.max_epochs"
        if count >= training.max_epochs
        else "no better epoch for training.early_stopping_patience"
    )
    logger.info("Stopped after %d epochs (%s); best epoch %d, val_mae %.3f mg/dL", count, why, best.epoch, best.val_mae)
