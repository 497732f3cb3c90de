"""The checkpoints folder: what stands (best.ckpt, last.ckpt) and what a training under way is writing.

A training writes into in_progress/ and moves its files into place only when it is done, so that the
checkpoint that stood before stays until a better-founded one replaces it, and a broken run can be resumed.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import ModelSettings, TrainingSettings

BEST = "best.ckpt"
LAST = "last.ckpt"
LEARNING_CURVE = "learning_curve.json"
RUN = "run.txt"


class EpochReport(BaseModel):
    """One epoch: mean training loss and validation MAE in mg/dL, learning rate, supervised forecasts a second."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    epoch: int
    train_loss: float
    val_mae: float
    learning_rate: float
    forecasts_per_second: float
    seconds: float


LearningCurve = TypeAdapter(list[EpochReport])


@dataclass(frozen=True)
class CheckpointFolder:
    """The checkpoints of one model."""

    folder: Path

    @property
    def best(self) -> Path:
        """The checkpoint with the lowest validation MAE of the last finished training."""
        return self.folder / BEST

    @property
    def learning_curve(self) -> Path:
        """The epochs of the last finished training."""
        return self.folder / LEARNING_CURVE

    @property
    def in_progress(self) -> Path:
        """Where a training under way writes."""
        return self.folder / "in_progress"

    def begin(self, run: str, resume: bool) -> Path | None:
        """Make ready for a training and return the checkpoint to resume from, if a broken run left one that fits.

        run identifies settings and data; what another run left half-done is removed.
        """
        marker, last = self.in_progress / RUN, self.in_progress / LAST
        if resume and last.exists() and marker.exists() and marker.read_text() == run:
            return last
        self.abandon()
        with atomic_write(marker) as path:
            path.write_text(run)
        return None

    def abandon(self) -> None:
        """Remove what a training wrote that is not worth resuming."""
        shutil.rmtree(self.in_progress, ignore_errors=True)

    def publish(self, epochs: Sequence[EpochReport]) -> None:
        """Move the finished training's files into place."""
        with atomic_write(self.learning_curve) as path:
            path.write_bytes(LearningCurve.dump_json(list(epochs), indent=2))
        (self.in_progress / LAST).replace(self.folder / LAST)
        (self.in_progress / BEST).replace(self.best)
        self.abandon()

    def read_learning_curve(self) -> list[EpochReport]:
        """The epochs of the last finished training. Raises ArtifactMissing if there is none."""
        try:
            return LearningCurve.validate_json(self.learning_curve.read_bytes())
        except (OSError, ValueError) as error:
            raise ArtifactMissing.unreadable(self.learning_curve, error, "trained_checkpoint") from error


def run_identity(
    model: ModelSettings, training: TrainingSettings, data_fingerprint: str, started_from: str = ""
) -> str:
    """A sha256 that is the same exactly when settings, data and the checkpoint started from (its sha256) are."""
    settings = {
        "model": model.model_dump(mode="json"),
        "training": training.model_dump(mode="json", exclude={"resume"}),
        "data": data_fingerprint,
        "started_from": started_from,
    }
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
