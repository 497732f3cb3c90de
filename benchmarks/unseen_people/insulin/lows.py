"""Windows in which glucose falls low, counted more often."""

import torch
from torch import Tensor

from bloodtwin_core.records import TARGET_RANGE
from bloodtwin_core.training.module import ForecasterTraining, Supervised

TIMES = 3.0
"""How often a window counts of which a measured reading lies below the target range."""


class LowsCount(ForecasterTraining):
    """A training in which windows that fall low count TIMES as often; validation counts all alike."""

    def dense(self, chunks: Tensor, length: int) -> Supervised:
        """As usual; while training, measured says how often each reading counts."""
        found = super().dense(chunks, length)
        return found._replace(measured=times_counted(found.target, found.measured)) if self.training else found


def times_counted(target: Tensor, measured: Tensor) -> Tensor:
    """How often each target counts, [forecast, horizon], from targets in mg/dL and whether they were measured."""
    low = ((target < TARGET_RANGE[0]) & measured).any(dim=1, keepdim=True)
    return measured * torch.where(low, TIMES, 1.0)
