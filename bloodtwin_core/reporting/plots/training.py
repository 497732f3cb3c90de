"""Picture of a training."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from matplotlib.ticker import MaxNLocator

from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.plots.canvas import BLUE, ORANGE, PURPLE, WIDE, legend_above, new_figure, small_png


class Epoch(Protocol):
    """What the learning curve shows of an epoch; losses in mg/dL."""

    @property
    def epoch(self) -> int:
        """Its number."""

    @property
    def train_loss(self) -> float:
        """Mean training loss."""

    @property
    def val_mae(self) -> float:
        """MAE on the validation split."""

    @property
    def learning_rate(self) -> float:
        """The learning rate that it was trained with."""


def learning_curve(epochs: Sequence[Epoch], unit: GlucoseUnit = GlucoseUnit.mg_dl) -> bytes:
    """Training loss and validation MAE by epoch, the best epoch and each fall of the learning rate marked."""
    figure, axes = new_figure("Learning curve", "Epoch", f"Error ({unit})", WIDE)
    number = [epoch.epoch for epoch in epochs]
    losses, maes = [unit.of(epoch.train_loss) for epoch in epochs], [unit.of(epoch.val_mae) for epoch in epochs]
    axes.plot(number, losses, color=ORANGE, linestyle="--", marker=".", label="Training loss")
    axes.plot(number, maes, color=BLUE, marker=".", label="Validation MAE")
    falls = [now.epoch for before, now in pairwise(epochs) if now.learning_rate < before.learning_rate]
    for place, epoch in enumerate(falls):
        label = "Learning rate lowered" if place == 0 else None
        axes.axvline(epoch, color=PURPLE, linestyle=":", linewidth=1.2, label=label, zorder=0)
    if epochs:
        best = min(epochs, key=lambda epoch: epoch.val_mae)
        label = f"Best: {unit.text(best.val_mae, 2)} in epoch {best.epoch}"
        axes.plot(
            best.epoch, unit.of(best.val_mae),
            color=BLUE, marker="o", markersize=9, fillstyle="none", linestyle="", label=label,
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    legend_above(figure, axes)
    return small_png(figure)
