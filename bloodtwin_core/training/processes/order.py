"""What the processes of a training are told, as files that each of them reads, and what they leave."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import ModelSettings, TrainingSettings
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.network.past import with_past_or_without
from bloodtwin_core.training.checkpoint_folder import EpochReport
from bloodtwin_core.training.task import Trained, TrainingTask
from bloodtwin_core.windows.scaler import FeatureScaler
from bloodtwin_core.windows.storage import read_windows, write_windows

ORDER, RESULT, FAILURE, EPOCHS, WINDOWS = "order.json", "trained.json", "failure.txt", "epochs.jsonl", "windows"


class Order(BaseModel):
    """order.json: a TrainingTask, its windows and the checkpoint that it begins with as paths."""

    model_config = ConfigDict(frozen=True)

    scaler: FeatureScaler
    model: ModelSettings
    training: TrainingSettings
    data_fingerprint: str
    in_progress: Path
    tensorboard: Path
    base: Path | None
    resume_from: Path | None

    @classmethod
    def write(cls, task: TrainingTask) -> Path:
        """Write a task for others, and forget what earlier processes left. Raises StorageError."""
        folder = task.in_progress.absolute()
        for name in (RESULT, FAILURE, EPOCHS):
            (folder / name).unlink(missing_ok=True)
        write_windows(folder / WINDOWS, task.windows, task.data_fingerprint)
        order = cls(
            scaler=task.scaler,
            model=task.model,
            training=task.training,
            data_fingerprint=task.data_fingerprint,
            in_progress=folder,
            tensorboard=task.tensorboard.absolute(),
            base=task.base.path.absolute() if task.base else None,
            resume_from=task.resume_from.absolute() if task.resume_from else None,
        )
        with atomic_write(folder / ORDER) as path:
            path.write_text(order.model_dump_json(), "utf-8")
        return folder / ORDER

    @classmethod
    def read(cls, path: Path) -> Self:
        """The order that write left."""
        return cls.model_validate_json(path.read_bytes())

    def task(self) -> TrainingTask:
        """The task, its windows memory-mapped, so that processes of one machine share their memory."""
        windows, _ = read_windows(self.in_progress / WINDOWS)
        return TrainingTask(
            windows=windows,
            scaler=self.scaler,
            model=self.model,
            training=self.training,
            data_fingerprint=self.data_fingerprint,
            in_progress=self.in_progress,
            tensorboard=self.tensorboard,
            base=with_past_or_without(load_checkpoint(self.base), self.model.past) if self.base else None,
            resume_from=self.resume_from,
        )


class Result(BaseModel):
    """trained.json: what Trained says, left by the first process."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")

    epochs: tuple[EpochReport, ...]
    resumed_from: int | None

    @classmethod
    def write(cls, trained: Trained, folder: Path) -> None:
        """Leave it in the folder in_progress. Raises StorageError."""
        with atomic_write(folder / RESULT) as path:
            path.write_text(cls(epochs=trained.epochs, resumed_from=trained.resumed_from).model_dump_json(), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Trained:
        """What write left."""
        result = cls.model_validate_json((folder / RESULT).read_bytes())
        return Trained(result.epochs, result.resumed_from)
