"""What a training leaves, for whoever reports on it without Lightning."""

from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.training.checkpoint_folder import EpochReport
from bloodtwin_core.training.compute import Compute


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
