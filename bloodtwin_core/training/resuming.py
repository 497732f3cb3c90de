"""What makes a resumed training the same, bit for bit on a CPU, as one that was never broken off.

Lightning restores weights, optimizer, schedule and counters; batches depend on seed and epoch alone (batches.py). Here
is the rest: chance (dropout), the schedule's last step, a decision to stop that was already taken, the best score, and
files that are whole. On a GPU the recurrent layers keep a chance of their own, which nothing can restore.
"""

import random
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from torch.optim.lr_scheduler import ReduceLROnPlateau

from bloodtwin_core.common.files import written_whole
from bloodtwin_core.network.checkpoint import checkpoint_bytes
from bloodtwin_core.training.callbacks import EpochReporter


class RandomState(Callback):
    """Keeps where torch, numpy and Python stand in their random numbers at the end of the last epoch."""

    def __init__(self) -> None:
        self.restored: dict[str, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers and tensors, so that no code has to run to read them."""
        _, keys, *rest = np.random.get_state(legacy=True)
        return {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "numpy": [np.asarray(keys).tolist(), *rest],
            "python": random.getstate(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """What state_dict gave; it holds from the first epoch on."""
        self.restored = state_dict

    def on_train_start(self, trainer: L.Trainer, _module: L.LightningModule) -> None:
        """Go back to where the broken training stood; what is kept is the chance of the first of several processes."""
        if not self.restored:
            return
        if not trainer.is_global_zero:
            # It was given a seed of its own before, which differs by training.seed and by process.
            torch.manual_seed(hash((torch.initial_seed(), trainer.current_epoch)))
            self.restored = {}
            return
        torch.set_rng_state(self.restored["torch"].cpu())
        if torch.cuda.is_available() and len(self.restored["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(self.restored["cuda"])
        np.random.set_state(("MT19937", *self.restored["numpy"]))
        random.setstate(self.restored["python"])
        # An unbroken training makes the next epoch's iterator now, which draws its seed; a resumed one has it already.
        torch.empty((), dtype=torch.int64).random_()
        self.restored = {}


class ScheduleSteps(Callback):
    """Takes the step of the learning rate's schedule that a checkpoint lacks.

    Lightning writes a checkpoint before the step that ends its epoch, and does not take that one after a resume.
    """

    def __init__(self, reporter: EpochReporter) -> None:
        self.reporter = reporter

    def on_train_start(self, trainer: L.Trainer, _module: L.LightningModule) -> None:
        """Bring schedules to the epochs that are finished."""
        epochs = self.reporter.epochs
        progress = trainer.fit_loop.epoch_loop.scheduler_progress
        for scheduler in (config.scheduler for config in trainer.lr_scheduler_configs):
            if epochs and scheduler.last_epoch < len(epochs):
                progress.increment_ready()
                if isinstance(scheduler, ReduceLROnPlateau):
                    scheduler.step(epochs[-1].val_mae)
                else:
                    scheduler.step()
                progress.increment_completed()


class StopsEarly(EarlyStopping):
    """Lightning's, which forgets that it had decided to stop when a training is resumed."""

    def on_train_start(self, trainer: L.Trainer, _module: L.LightningModule) -> None:
        """Stop before another epoch if patience was at its end."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True


class KeptCheckpoint(ModelCheckpoint):
    """Lightning's, which forgets the best score where the folder was moved meanwhile.

    filename is fixed, so a path is known by its name, and the same training leaves the same state in any folder.
    """

    def state_dict(self) -> dict[str, Any]:
        """Names instead of paths."""
        state = super().state_dict()
        models = {Path(path).name: score for path, score in state["best_k_models"].items()}
        paths = {name: Path(state[name]).name if state[name] else "" for name in _PATHS}
        return {**state, **paths, "best_k_models": models, "dirpath": ""}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The same names in the folder of now."""
        models = {self._place(name): score for name, score in state_dict["best_k_models"].items()}
        paths = {name: self._place(state_dict[name]) for name in _PATHS}
        super().load_state_dict({**state_dict, **paths, "best_k_models": models, "dirpath": self.dirpath})

    def _place(self, name: str) -> str:
        return str(Path(self.dirpath or "", name)) if name else ""


_PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it; Lightning's own way leads over another file system."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:  # noqa: ARG002
        """Write one checkpoint; a kill leaves the one before."""
        with written_whole(Path(path)) as temporary:
            temporary.write_bytes(checkpoint_bytes(checkpoint))
