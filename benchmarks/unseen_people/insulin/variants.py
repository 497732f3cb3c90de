"""What is varied: whose insulin is learnt from, and how it is varied from chunk to chunk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.unseen_people.insulin.resplit import SplitAnew
from bloodtwin_core.config import TrainingSettings
from bloodtwin_core.training.module import ForecasterTraining, MakesTraining

TODAY = "glucose of BrisT1D"
BASE_TRAINING: dict[str, Any] = {"schedule": "cosine", "early_stopping_patience": 1000, "glucose_spread": 0.1}
"""configs/pretrained.yaml, but for the number of epochs."""
HIDDEN = {"hide_basal": 0.5, "hide_bolus": 0.3}


@dataclass(frozen=True)
class Variant:
    """One way to train; told says whether BrisT1D's insulin is known to it."""

    why: str
    training: Mapping[str, float] = field(default_factory=dict)
    told: bool = True
    module: MakesTraining = ForecasterTraining

    def training_settings(self, epochs: int, seed: int) -> TrainingSettings:
        """The base model's, but for what this variant changes."""
        given = {**BASE_TRAINING, **self.training, "max_epochs": epochs, "seed": seed}
        return TrainingSettings.model_validate(given)


VARIANTS: dict[str, Variant] = {
    TODAY: Variant("AZT1D, and BrisT1D without its insulin", told=False),
    "insulin": Variant("AZT1D and BrisT1D with their insulin"),
    "hidden": Variant("the same, basal hidden in half of the chunks, bolus in 30 %", HIDDEN),
    "hidden and coarse": Variant(
        "the same, and in 40 % of the chunks basal is the mean of the clock hour before, as in AZT1D",
        {**HIDDEN, "coarse_basal": 0.4},
    ),
    "split anew": Variant(
        "the same, and the insulin of half of the chunks split into basal and bolus at another amount",
        {**HIDDEN, "coarse_basal": 0.4},
        module=SplitAnew,
    ),
    "no insulin": Variant("glucose and time of day alone", {"hide_basal": 1.0, "hide_bolus": 1.0}),
}
