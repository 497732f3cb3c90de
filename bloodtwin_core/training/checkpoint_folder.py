"""The checkpoints folder: what stands (best.ckpt, last.ckpt) and what a training under way is writing.

A training writes into in_progress/ and moves its files into place only when it is done, so that the
checkpoint that stood before stays until a better-founded one replaces it, and a broken run can be resumed. Before the
first file moves, finished.json says that the training is done and which files it left; it goes when all of them are in
place and the run has written them down. A run that finds it finishes what was finished.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from bloodtwin_core.common.errors import ArtifactMissing, in_brief
from bloodtwin_core.common.files import atomic_write, move, sha256_of
from bloodtwin_core.config import ModelSettings, TrainingSettings
from bloodtwin_core.network.checkpoint import read_whole

logger = logging.getLogger(__name__)

BEST = "best.ckpt"
LAST = "last.ckpt"
LEARNING_CURVE = "learning_curve.json"
RUN = "run.txt"
FINISHED = "finished.json"
TIMINGS = "timings.json"
RESUMED_WITH = ("state_dict", "optimizer_states", "lr_schedulers", "callbacks", "loops")
"""What a checkpoint must hold for a training to go on from it."""


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


class FinishedTraining(BaseModel):
    """finished.json: whose training it was, its epochs, and the sha256 of each file that takes its place, by name."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    run: str
    epochs: tuple[EpochReport, ...]
    resumed_from: int | None
    files: dict[str, str]


@dataclass(frozen=True)
class CheckpointFolder:
    """The checkpoints of one model."""

    folder: Path

    @property
    def best(self) -> Path:
        """The checkpoint with the lowest validation MAE of the last finished training."""
        return self.folder / BEST

    @property
    def last(self) -> Path:
        """The checkpoint of the last epoch of the last finished training."""
        return self.folder / LAST

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

        run identifies settings and data; what another run left half-done is removed. A checkpoint that does not load is
        set aside with a word, and the training goes on from the best one, which is as old or older, or anew.
        """
        marker = self.in_progress / RUN
        if resume and marker.exists() and marker.read_bytes() == run.encode():
            best, last = self._whole(BEST), self._whole(LAST)
            if best and last:
                return last
            if best:
                logger.warning("Going on from %s, the best epoch so far", best)
                with atomic_write(self.in_progress / LAST) as path:  # There may be no further epoch to write it.
                    shutil.copyfile(best, path)
                return best
            if (self.in_progress / LAST).exists():
                logger.warning("There is no whole %s in %s: training anew", BEST, self.in_progress)
        self.abandon()
        with atomic_write(marker) as path:
            path.write_text(run)
        return None

    def abandon(self) -> None:
        """Remove what a training wrote that is not worth resuming."""
        shutil.rmtree(self.in_progress, ignore_errors=True)

    def finish(self, run: str, epochs: Sequence[EpochReport], resumed_from: int | None) -> FinishedTraining:
        """Say that the training in progress is done: from now on it is published, whatever happens."""
        with atomic_write(self.in_progress / LEARNING_CURVE) as path:
            path.write_bytes(LearningCurve.dump_json(list(epochs), indent=2))
        files = {name: sha256_of(self.in_progress / name) for name in (LEARNING_CURVE, LAST, BEST)}
        finished = FinishedTraining(run=run, epochs=tuple(epochs), resumed_from=resumed_from, files=files)
        with atomic_write(self.in_progress / FINISHED) as path:
            path.write_text(finished.model_dump_json(indent=2) + "\n")
        return finished

    def finished(self) -> FinishedTraining | None:
        """The training that was finished and not yet written down, if its files are whole, in place or on their way."""
        try:
            finished = FinishedTraining.model_validate_json((self.in_progress / FINISHED).read_bytes())
        except (OSError, ValueError):
            return None
        whole = all(
            any(path.is_file() and sha256_of(path) == sha256 for path in (self.in_progress / name, self.folder / name))
            for name, sha256 in finished.files.items()
        )
        return finished if whole else None

    def publish(self, finished: FinishedTraining) -> None:
        """Move the finished training's files into place, but for those that are there already."""
        for name in finished.files:
            if (self.in_progress / name).exists():
                move(self.in_progress / name, self.folder / name)

    def settle(self, run: str) -> FinishedTraining | None:
        """The finished training of this run, if a kill came before it was written down.

        Where another run was killed among the moves of its files, the rest of them move, so that the files in place are
        of one training.
        """
        finished = self.finished()
        if finished is None or finished.run == run:
            return finished
        if not all((self.in_progress / name).exists() for name in finished.files):
            self.publish(finished)
        return None

    def _whole(self, name: str) -> Path | None:
        """The checkpoint of that name in progress if it loads, else set it aside."""
        path = self.in_progress / name
        if not path.exists():
            return None
        try:
            content = read_whole(path)
            missing = [key for key in RESUMED_WITH if key not in content]
            if not missing:
                return path
            fault = f"it lacks {', '.join(missing)}"
        except ArtifactMissing as error:
            fault = in_brief(error.__cause__) if isinstance(error.__cause__, Exception) else str(error)
        aside = path.with_name(f"{name}.damaged")
        logger.warning("Setting %s aside as %s: %s", path, aside.name, fault)
        path.replace(aside)
        return None

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
