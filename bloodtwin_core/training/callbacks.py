"""Lightning callbacks: one report an epoch, and the learning curve inside the checkpoint."""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback

from bloodtwin_core.common.files import written_whole
from bloodtwin_core.training.checkpoint_folder import EpochReport
from bloodtwin_core.training.module import ForecasterTraining
from bloodtwin_core.training.processes.sharing import total_of

logger = logging.getLogger(__name__)
TIMED = ("forecasts_per_second", "seconds")
"""What of a report depends on the machine's other work."""


class EpochReporter(Callback):
    """Logs one EpochReport an epoch, hands it to a listener and keeps them all, also across a resume.

    How long an epoch took is no part of a checkpoint, so that the same training gives the same bytes: it is kept in the
    file timings.
    """

    def __init__(self, on_epoch: Callable[[EpochReport], None], timings: Path) -> None:
        self.on_epoch = on_epoch
        self.timings = timings
        self.epochs: list[EpochReport] = []
        self.started = 0.0
        self.train_seconds = 0.0
        self.learning_rate = 0.0
        self.resumed_from: int | None = None

    @property
    def current_epoch(self) -> int:
        """Epochs finished so far, counted here because a resumed trainer draws its first batches before it has."""
        return len(self.epochs)

    def on_train_epoch_start(self, trainer: L.Trainer, _module: L.LightningModule) -> None:
        """Start the clock."""
        self.started = time.perf_counter()
        self.learning_rate = float(trainer.optimizers[0].param_groups[0]["lr"])

    def on_validation_start(self, _trainer: L.Trainer, _module: L.LightningModule) -> None:
        """Stop the clock of the training part."""
        self.train_seconds = time.perf_counter() - self.started

    def on_train_epoch_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        """Report before the checkpoint is written, so that it holds this epoch too."""
        if not isinstance(module, ForecasterTraining):
            raise TypeError(f"EpochReporter reports on a ForecasterTraining, not on a {type(module).__name__}")
        report = EpochReport(
            epoch=trainer.current_epoch,
            train_loss=float(trainer.callback_metrics["train_loss"]),
            val_mae=float(trainer.callback_metrics["val_mae"]),
            learning_rate=self.learning_rate,
            forecasts_per_second=total_of(module.forecasts_this_epoch, module.device) / max(self.train_seconds, 1e-9),
            seconds=time.perf_counter() - self.started,
        )
        self.epochs.append(report)
        module.log_dict(
            {"learning_rate": report.learning_rate, "forecasts_per_second": report.forecasts_per_second}, sync_dist=True
        )
        if not trainer.is_global_zero:
            return
        with written_whole(self.timings) as path:
            path.write_text(json.dumps([each.model_dump(include=set(TIMED)) for each in self.epochs]), "utf-8")
        logger.info(
            "epoch %d: train loss %.3f, val_mae %.3f mg/dL, %s forecasts/s, %.1f s",
            report.epoch,
            report.train_loss,
            report.val_mae,
            f"{report.forecasts_per_second:,.0f}",
            report.seconds,
        )
        self.on_epoch(report)

    def state_dict(self) -> dict[str, Any]:
        """The learning curve so far."""
        return {"epochs": [report.model_dump(exclude=set(TIMED)) for report in self.epochs]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The learning curve up to the checkpoint; without the file, how long an epoch took is told as 0."""
        try:
            timed = json.loads(self.timings.read_bytes())
        except (OSError, ValueError):
            timed = []
        timed += [dict.fromkeys(TIMED, 0.0)] * len(state_dict["epochs"])
        told = zip(timed, state_dict["epochs"], strict=False)
        self.epochs = [EpochReport.model_validate({**times, **report}) for times, report in told]
        self.resumed_from = len(self.epochs)
