"""What is varied: one thing at a time, away from the defaults."""

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from bloodtwin_core.records import Feature, Split
from bloodtwin_core.training.module import ForecasterTraining, Supervised
from bloodtwin_core.windows import Origins, WindowedSeries


@dataclass(frozen=True)
class Variant:
    """One way to train: settings that differ from the defaults, who is learnt from, and what no setting offers."""

    why: str
    training: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    days_before_basal: bool = False
    with_brist1d: bool = False
    complete_windows_only: bool = False
    module: type[ForecasterTraining] = ForecasterTraining


class AbsoluteTarget(ForecasterTraining):
    """Forecasts the level of glucose instead of its change from the last reading."""

    def dense(self, chunks: Tensor, length: int) -> Supervised:
        """As usual, but as if the last reading were the usual glucose everywhere."""
        found = super().dense(chunks, length)
        usual = float(self.forecaster.centre[Feature.bg.column])
        return found._replace(last=torch.full_like(found.last, usual))


def with_complete_windows_only(windows: WindowedSeries) -> WindowedSeries:
    """The windows without the training origins whose lookback or targets have a gap: dropped instead of masked."""
    origins = windows.origins[Split.train]
    kept = Origins(origins.rows[origins.complete], origins.complete[origins.complete])
    return replace(windows, origins={**windows.origins, Split.train: kept})


BEFORE = {"weight_averaging": 0.0, "learning_rate": 1e-3, "chunk_length": 576, "burn_in": 72, "weight_decay": 0.0}
LONG = {"schedule": "cosine", "max_epochs": 16, "early_stopping_patience": 16}

VARIANTS: dict[str, Variant] = {
    "default": Variant("the defaults"),
    "slow steps": Variant("learning rate 1e-3, chunks of 48 h, no averaging, no decay", training=BEFORE),
    "no averaging": Variant("the weights themselves", training={"weight_averaging": 0.0}),
    "no decay": Variant("weights do not decay", training={"weight_decay": 0.0}),
    "more decay": Variant("weights decay five times as fast", training={"weight_decay": 5e-2}),
    "long chunks": Variant("chunks of 48 h, burn-in of 6 h", training={"chunk_length": 576, "burn_in": 72}),
    "long burn-in": Variant("burn-in of 12 h", training={"chunk_length": 396, "burn_in": 144}),
    "absolute": Variant("the level is forecast, not the change", module=AbsoluteTarget),
    "dropping": Variant("windows with a gap are dropped, not masked", complete_windows_only=True),
    "point loss": Variant("absolute error of the point forecast, no quantiles", model={"quantiles": False}),
    "small": Variant("64 units a layer", model={"hidden_size": 64}),
    "large": Variant("256 units a layer", model={"hidden_size": 256}),
    "gru": Variant("GRU layers", model={"cell": "gru"}),
    "attention": Variant("temporal attention", model={"attention": True}),
    "more dropout": Variant("dropout 0.4", model={"dropout": 0.4}),
    "no dropout": Variant("dropout 0", model={"dropout": 0.0}),
    "spread": Variant("glucose of each chunk scaled, spread 0.1", training={"glucose_spread": 0.1}),
    "ensemble": Variant("three members", model={"ensemble_size": 3}),
    "days before": Variant("the days before basal is known as well", days_before_basal=True),
    "days before, spread": Variant(
        "the same, glucose scaled", training={"glucose_spread": 0.1}, days_before_basal=True
    ),
    "everyone": Variant(
        "BrisT1D as well, glucose scaled, a cosine of 16 epochs",
        training={"glucose_spread": 0.1, **LONG},
        days_before_basal=True,
        with_brist1d=True,
    ),
    "everyone, ensemble": Variant(
        "the same, three members: the base model",
        training={"glucose_spread": 0.1, **LONG},
        model={"ensemble_size": 3},
        days_before_basal=True,
        with_brist1d=True,
    ),
}
