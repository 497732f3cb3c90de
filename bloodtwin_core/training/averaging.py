"""Averaged weights: what is validated and kept is a moving average over the last optimizer steps."""

from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor


class AveragedWeights(Callback):
    """Keeps an exponential moving average of the weights, which stand in for them from each validation to its end.

    So val_mae is the average's, and so is every checkpoint; the weights that training goes on from lie in the
    checkpoint beside it. Averaging smooths out the noise of single steps (Polyak and Juditsky, SIAM J. Control
    Optim. 30 (1992) 838), which lets the learning rate be higher.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.other: list[Tensor] = []
        self.averages_are_in_place = False

    def on_train_start(self, _trainer: L.Trainer, module: L.LightningModule) -> None:
        """Begin with the weights as they are; after a resume, give the module back those that it was training."""
        if not self.other:
            self.other = [weight.detach().clone() for weight in module.parameters()]
        self.other = [kept.to(weight.device) for kept, weight in zip(self.other, module.parameters(), strict=True)]
        self._weights_in_place(module)

    def on_train_batch_end(self, _trainer: L.Trainer, module: L.LightningModule, *_: Any) -> None:
        """Move the average towards the weights; at first quickly, so that it soon forgets the untrained ones."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for average, weight in zip(self.other, module.parameters(), strict=True):
                average.lerp_(weight, 1 - decay)

    def on_validation_start(self, _trainer: L.Trainer, module: L.LightningModule) -> None:
        """Put the averages in place: for the validation, and for the checkpoints that are written after it."""
        if not self.averages_are_in_place:
            self._swap(module)

    def on_train_epoch_start(self, _trainer: L.Trainer, module: L.LightningModule) -> None:
        """Go on training the weights themselves."""
        self._weights_in_place(module)

    def state_dict(self) -> dict[str, Any]:
        """Whatever is not in the module at the moment of saving."""
        return {"steps": self.steps, "other": self.other, "averages_are_in_place": self.averages_are_in_place}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """What state_dict gave."""
        self.steps, self.other = state_dict["steps"], state_dict["other"]
        self.averages_are_in_place = state_dict["averages_are_in_place"]

    def _weights_in_place(self, module: L.LightningModule) -> None:
        if self.averages_are_in_place:
            self._swap(module)

    def _swap(self, module: L.LightningModule) -> None:
        with torch.no_grad():
            for weight, other in zip(module.parameters(), self.other, strict=True):
                kept = weight.detach().clone()
                weight.copy_(other)
                other.copy_(kept)
        self.averages_are_in_place = not self.averages_are_in_place
