"""Personal copies of the unified network: fine-tuned on one pump, kept only where that helps this pump.

A copy begins with the unified weights, keeps the unified scaler, learns from the pump's train split alone and goes back
a part of the way (shrinking.py). It is accepted where its MAE on the pump's validation windows is lower; otherwise the
pump stays with the unified network.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.files import atomic_folder
from bloodtwin_core.config import PersonalSettings, Schedule, TrainingSettings
from bloodtwin_core.evaluation.metrics import ErrorSums
from bloodtwin_core.evaluation.testing import errors_on
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.personal.shrinking import shrink_towards
from bloodtwin_core.personal.storage import INDEX, PersonalIndex, PersonalOutcome, gain_told, personal_checkpoint
from bloodtwin_core.records import Split
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.records.pump_ids import pump_id_of
from bloodtwin_core.training import CheckpointFolder, choose_compute
from bloodtwin_core.training.calibration import calibrate_checkpoint
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.of_pump import windows_of_pump


def _ignore(_outcome: PersonalOutcome) -> None:
    """Nobody listens."""


def personalise(
    windows: WindowedSeries,
    unified: Checkpoint,
    training: TrainingSettings,
    personal: PersonalSettings,
    folder: Path,
    on_pump: Callable[[PersonalOutcome], None] = _ignore,
) -> PersonalIndex:
    """Fine-tune a copy of the unified network for every pump and keep the accepted ones as folder/{pump}.ckpt.

    The folder is replaced whole once all pumps are done; until then what stood there stays. A pump that keeps the
    unified network has no file.
    Raises what fit raises, StorageError if the folder cannot be written.
    """
    outcomes = []
    with atomic_folder(folder) as temporary:
        for pump in pumps_of(windows):
            outcome = personalise_pump(windows_of_pump(windows, pump), pump, unified, training, personal, temporary)
            outcomes.append(outcome)
            on_pump(outcome)
        index = PersonalIndex(unified_sha256=unified.sha256, outcomes=tuple(outcomes))
        (temporary / INDEX).write_text(index.model_dump_json(indent=2) + "\n", "utf-8")
    return index


def pumps_of(windows: WindowedSeries) -> Iterable[str]:
    """Every pump that has records to learn from and to test on, in the order of the series."""
    tested = {segment.pump_id for segment in windows.segments_of(Split.test)}
    return [pump for pump in dict.fromkeys(s.pump_id for s in windows.segments_of(Split.train)) if pump in tested]


def personalise_pump(
    windows: WindowedSeries,
    pump_id: str,
    unified: Checkpoint,
    training: TrainingSettings,
    personal: PersonalSettings,
    folder: Path,
) -> PersonalOutcome:
    """Fine-tune a copy on the windows of one pump alone and keep it, where it is accepted, as folder/{pump}.ckpt.

    Raises what fit raises, StorageError if the folder cannot be written.
    """
    before = _errors(unified, windows, training)
    outcome = PersonalOutcome(
        pump_id=pump_id,
        train_windows=len(windows.origins[Split.train]),
        validate_windows=len(windows.origins[Split.validate]),
        validate_before=overall(before.validate),
        validate_after=None,
        test_before=overall(before.test),
        test_after=None,
        accepted=False,
        reason="",
    )
    if min(outcome.train_windows, outcome.validate_windows) < personal.min_windows:
        reason = (
            f"too few windows: {outcome.train_windows} to learn from and {outcome.validate_windows} to judge by, "
            f"personal.min_windows asks for {personal.min_windows} each"
        )
        return outcome.model_copy(update={"reason": reason})
    scratch = folder / f".{pump_id_of(pump_id)}"
    tuned = fine_tune(windows, unified, training, personal, scratch)
    after = _errors(tuned, windows, training)
    accepted, reason = judge(overall(before.validate), overall(after.validate))
    if accepted:
        tuned.path.replace(personal_checkpoint(folder, pump_id))
    shutil.rmtree(scratch)
    judged = {"validate_after": overall(after.validate), "test_after": overall(after.test)}
    return outcome.model_copy(update={**judged, "accepted": accepted, "reason": reason})


def fine_tune(
    windows: WindowedSeries,
    unified: Checkpoint,
    training: TrainingSettings,
    personal: PersonalSettings,
    folder: Path,
) -> Checkpoint:
    """The unified network after a short training on one pump's windows, as the checkpoint of its best epoch.

    Its weights are shrunk towards the unified ones as personal.strength says, its quantiles calibrated after that, with
    the past as it is known and without training.band_widths.
    """
    from bloodtwin_core.training.fit import fit  # Lightning takes a second to import.

    fitted = fit(
        windows,
        unified.scaler,
        unified.model,
        settings_of_copy(training, personal).model_copy(update={"start_from": str(unified.path)}),
        CheckpointFolder(folder),
        folder / "tensorboard",
        unified.data_fingerprint,
        calibrate=False,
    )
    shrink_towards(unified, fitted.checkpoint, personal.strength)
    with torch_threads(fitted.compute.threads):
        calibrate_checkpoint(fitted.checkpoint, windows, fitted.compute.device.value)
    return load_checkpoint(fitted.checkpoint)


def settings_of_copy(training: TrainingSettings, personal: PersonalSettings) -> TrainingSettings:
    """How a copy is trained: as the network was, but for what personal says, and from whatever it begins with."""
    changes = {
        "start_from": "",
        "max_epochs": personal.max_epochs,
        "chunk_batch_size": personal.chunk_batch_size,
        "learning_rate": personal.learning_rate,
        # In so few epochs a plateau is never noticed, and a rate that stays high ends beside the minimum.
        "schedule": Schedule.cosine,
        "early_stopping_patience": personal.early_stopping_patience,
        "past_alone": False,  # A copy moves every weight, and is judged with the past as it is known.
        "band_widths": [],  # Its bands are of one person, found on that person's own days.
        "resume": False,
        "processes": 1,  # A pump has too little to share; people are made side by side instead.
    }
    changed: TrainingSettings = training.model_copy(update=changes)
    return changed


def judge(before: float | None, after: float | None) -> tuple[bool, str]:
    """Whether a copy is accepted, by validation MAE (mg/dL) before and after, and why."""
    if before is None or after is None:
        return False, "no validation window has a measured target"
    return after < before, gain_told(before, after, GlucoseUnit.mg_dl)


def overall(errors: ErrorSums) -> float | None:
    """MAE over all steps, mg/dL."""
    return errors.mae(1, errors.horizon)


@dataclass(frozen=True)
class _Errors:
    validate: ErrorSums
    test: ErrorSums


def _errors(checkpoint: Checkpoint, windows: WindowedSeries, training: TrainingSettings) -> _Errors:
    compute = choose_compute(training, checkpoint.model.cell)
    with torch_threads(compute.threads):
        validate, test = (
            errors_on(checkpoint.forecaster, windows, split, compute.device.value)
            for split in (Split.validate, Split.test)
        )
    return _Errors(validate, test)
