"""The stage trained_checkpoint: from windows to a trained network."""

import os
from collections.abc import Callable

from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import PRETRAINED, PUBLISHED, Settings, TrainingSettings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.upstream import current_raw_splits, current_scaler, windows_read
from bloodtwin_core.publishing.store import CHECKPOINT_FILE, PublishedStore
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.plots import learning_curve
from bloodtwin_core.training import CheckpointFolder, EpochReport, FittedModel
from bloodtwin_core.training.fitted import ignore
from bloodtwin_core.training.processes.launcher import NODES_VARIABLE, Launcher

LEARNING_CURVE = "learning curve"
"""Name of the picture that a training leaves."""


@owning
def train_stage(
    store: ArtifactStore,
    settings: Settings,
    on_epoch: Callable[[EpochReport], None] = ignore,
    start_from: str | None = None,
    launcher: Launcher | None = None,
) -> FittedModel:
    """Train on the store's windows and leave checkpoint, learning curve and their record in the manifest.

    start_from: where the checkpoint of training.start_from lies now, if it is not to be looked for. launcher starts the
    processes of training.processes, where they are more than one or there are several nodes. Raises ArtifactMissing if
    windows, scaler or that checkpoint are not there, changed, or were made with other settings, and what fit raises.
    """
    from bloodtwin_core.training.fit import fit  # Lightning takes a second to import.

    windows, index = windows_read(store, settings)
    scaler = current_scaler(store, current_raw_splits(store, settings.data))
    if start_from is None:
        start_from = _start(store, settings.training.start_from)
        _require_start_unchanged(store, start_from)
    checkpoints = CheckpointFolder(store.checkpoints)

    def record(fitted: FittedModel) -> None:
        unit = GlucoseUnit(settings.evaluation.unit)
        curve = store.keep_picture(LEARNING_CURVE, learning_curve(fitted.epochs, unit))
        files = [fitted.checkpoint, checkpoints.last, checkpoints.learning_curve, curve]
        store.record("trained_checkpoint", files, fitted.sha256, settings.used("data", "model", "training"))

    return fit(
        windows,
        scaler.with_past() if settings.model.past else scaler,
        settings.model,
        settings.training,
        checkpoints,
        store.tensorboard,
        index.fingerprint,
        on_epoch=on_epoch,
        on_published=record,
        start_from=start_from,
        launcher=(launcher or Launcher()) if _is_shared(settings.training) else None,
    )


def _is_shared(training: TrainingSettings) -> bool:
    return training.processes > 1 or NODES_VARIABLE in os.environ


def _start(store: ArtifactStore, start_from: str) -> str:
    """The checkpoint of the version in use where that is asked for; empty where there is none yet."""
    if start_from != PUBLISHED:
        return start_from
    published = PublishedStore(store.published)
    champion = published.champion()
    return str(published.place(champion.version) / CHECKPOINT_FILE) if champion else ""


def _require_start_unchanged(store: ArtifactStore, start_from: str) -> None:
    """Where training.start_from names a checkpoint in the artifacts of a model, it must be as its training left it."""
    if start_from in ("", PRETRAINED):
        return
    path = given_path(start_from).absolute()
    other = ArtifactStore(path.parent.parent, store.owner, store.hashes)
    if path == CheckpointFolder(other.checkpoints).best and "trained_checkpoint" in other.manifest().stages:
        other.require_unchanged("trained_checkpoint", path)
