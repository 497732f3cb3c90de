"""What training.py leaves: an accepted copy per pump, and the verdict on every pump."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.errors import ArtifactMissing, CheckpointMismatch
from bloodtwin_core.common.files import recover_folder
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.records.pump_ids import PumpId, pump_id_of

INDEX = "personal.json"


class PersonalOutcome(BaseModel):
    """What became of one pump's copy. Errors are MAE over all steps in mg/dL, by dense scan; None: no such window.

    before is the unified network, after the fine-tuned copy (None where none was made). Test errors are shown for
    information; nothing is chosen by them.
    """

    model_config = ConfigDict(frozen=True)

    pump_id: PumpId
    train_windows: int
    validate_windows: int
    validate_before: float | None
    validate_after: float | None
    test_before: float | None
    test_after: float | None
    accepted: bool
    reason: str

    def told(self, unit: GlucoseUnit) -> str:
        """The reason in a unit."""
        if self.validate_before is None or self.validate_after is None:
            return self.reason
        return gain_told(self.validate_before, self.validate_after, unit)


def gain_told(before: float, after: float, unit: GlucoseUnit) -> str:
    """Whether validation MAE (mg/dL) fell, with the figures in a unit."""
    was, became = unit.text(before, 3), unit.text(after, 3)
    if after < before:
        return f"validation MAE fell from {was} to {became} {unit}"
    return f"validation MAE did not fall: {was} before, {became} {unit} after"


class PersonalIndex(BaseModel):
    """personal.json: the sha256 of the unified checkpoint, and every pump's outcome."""

    model_config = ConfigDict(frozen=True)

    unified_sha256: str
    outcomes: tuple[PersonalOutcome, ...]


def personal_checkpoint(folder: Path, pump_id: str) -> Path:
    """Where a pump's accepted copy is kept."""
    return folder / f"{pump_id_of(pump_id)}.ckpt"


def read_personal_index(folder: Path) -> PersonalIndex:
    """What personalise left. Raises ArtifactMissing if it is not there or damaged."""
    recover_folder(folder)
    try:
        return PersonalIndex.model_validate_json((folder / INDEX).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactMissing.unreadable(folder / INDEX, error, "personal_checkpoints") from error


def checkpoint_for(pump_id: str, folder: Path, unified: Checkpoint) -> Checkpoint:
    """The network that a pump goes on with: its accepted copy, or the unified network.

    Raises ArtifactMissing if there are no copies yet or one is gone, CheckpointMismatch if they were made from another
    unified checkpoint.
    """
    index = read_personal_index(folder)
    if index.unified_sha256 != unified.sha256:
        raise CheckpointMismatch(
            f"{folder} holds copies of another checkpoint than {unified.path}. Materialize personal_checkpoints again"
        )
    accepted = any(outcome.accepted for outcome in index.outcomes if outcome.pump_id == pump_id)
    return load_checkpoint(personal_checkpoint(folder, pump_id)) if accepted else unified
