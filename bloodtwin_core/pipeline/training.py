"""The stage trained_checkpoint: from windows to a trained network."""

from collections.abc import Callable

from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import current_raw_splits, current_scaler, current_windows
from bloodtwin_core.reporting.plots import learning_curve
from bloodtwin_core.training import CheckpointFolder, EpochReport, FittedModel, fit
from bloodtwin_core.training.fit import ignore

LEARNING_CURVE = "learning curve"
"""Name of the picture that a training leaves."""


def train_stage(
    store: ArtifactStore, settings: Settings, on_epoch: Callable[[EpochReport], None] = ignore
) -> FittedModel:
    """Train on the store's windows and leave checkpoint, learning curve and their record in the manifest.

    Raises ArtifactMissing if windows or scaler are not there or were made with other settings, and what fit raises.
    """
    windows, index = current_windows(store, settings.data)
    scaler = current_scaler(store, current_raw_splits(store, settings.data))
    checkpoints = CheckpointFolder(store.checkpoints)
    fitted = fit(
        windows,
        scaler,
        settings.model,
        settings.training,
        checkpoints,
        store.tensorboard,
        index.fingerprint,
        on_epoch=on_epoch,
    )
    curve = store.keep_picture(LEARNING_CURVE, learning_curve(fitted.epochs))
    files = [fitted.checkpoint, checkpoints.learning_curve, curve]
    store.record("trained_checkpoint", files, fitted.sha256, settings.used("data", "model", "training"))
    return fitted
