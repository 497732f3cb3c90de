"""What no setting offers: trainings that differ from the usual one in one thing."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from bloodtwin_core.records import FEATURES, Feature, Values
from bloodtwin_core.training.module import ForecasterTraining, Supervised
from bloodtwin_core.windows import WindowedSeries

HUBER_DELTA = 0.25
"""Glucose scales (about 20 mg/dL) up to which Huber's loss is quadratic. P. J. Huber, Ann. Math. Stat. 35 (1964) 73."""
NOISE = 0.05
"""Standard deviation of the noise on scaled inputs; of glucose about 4 mg/dL."""
CLOCK_SHIFT_HOURS = 1.0
"""Standard deviation of a chunk's shift of the time of day."""

FurtherInputs = Callable[[WindowedSeries], Values]
"""Inputs beyond the eight, already scaled, float32 [record, input]."""


class AbsoluteTarget(ForecasterTraining):
    """Forecasts the level of glucose instead of its change from the last reading."""

    def dense(self, chunks: Tensor, length: int) -> Supervised:
        """As usual, but as if the last reading were the usual glucose everywhere."""
        found = super().dense(chunks, length)
        usual = float(self.forecaster.centre[Feature.bg.column])
        return found._replace(last=torch.full_like(found.last, usual))


class HuberLoss(ForecasterTraining):
    """Huber's loss of the point forecast; for networks without quantiles."""

    @staticmethod
    def _loss(change: Tensor, target: Tensor) -> Tensor:
        points = change[:, :, 0]
        return nn.functional.huber_loss(points, target.expand_as(points), delta=HUBER_DELTA, reduction="none").sum(
            dim=0
        )


class NoisyInputs(ForecasterTraining):
    """Normally distributed noise on everything that the recurrent layers read while training."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        for member in self.forecaster.each_member:
            member.recurrent.register_forward_pre_hook(_with_noise)


def _with_noise(layer: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
    return (given[0] + NOISE * torch.randn_like(given[0]), *given[1:]) if layer.training else None


class ShiftedClock(ForecasterTraining):
    """The time of day of each chunk shifted at random while training, as if the wearer lived earlier or later."""

    def records(self, rows: Tensor) -> Tensor:
        """Records [chunk, step, feature] as usual, their time of day turned by one angle a chunk."""
        records = super().records(rows)
        if not self.training:
            return records
        angle = 2 * math.pi * CLOCK_SHIFT_HOURS / 24 * torch.randn(len(records), 1, device=records.device)
        turned = records.clone()
        sin, cos = records[..., Feature.sin_time.column], records[..., Feature.cos_time.column]
        turned[..., Feature.sin_time.column] = sin * angle.cos() + cos * angle.sin()
        turned[..., Feature.cos_time.column] = cos * angle.cos() - sin * angle.sin()
        return turned


class MoreInputs(ForecasterTraining):
    """The recurrent layers read further inputs beside the eight features."""

    further: Tensor

    def __init__(self, windows: WindowedSeries, *given: Any, inputs: FurtherInputs) -> None:
        super().__init__(windows, *given)
        self.register_buffer("further", torch.from_numpy(inputs(windows)), persistent=False)
        for member in self.forecaster.each_member:
            usual = member.recurrent
            member.recurrent = type(usual)(
                input_size=len(FEATURES) + self.further.shape[1],
                hidden_size=usual.hidden_size,
                num_layers=usual.num_layers,
                dropout=usual.dropout,
                batch_first=True,
            )
            member.recurrent.register_forward_pre_hook(self._beside)

    def records(self, rows: Tensor) -> Tensor:
        """Records as usual; which ones they are is remembered for what is read beside them."""
        self._rows = rows
        return super().records(rows)

    def _beside(self, _layer: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        scaled = given[0]
        further = self.further[self._rows[:, : scaled.shape[1]]]
        return (torch.cat([scaled, further.to(scaled.dtype)], dim=-1), *given[1:])
