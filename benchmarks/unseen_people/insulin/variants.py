"""What is varied: whose insulin is learnt from, and how it is varied from chunk to chunk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.unseen_people.insulin.dose_shares import DOSE_SHARES, TellsShares
from benchmarks.unseen_people.insulin.further import NOTHING_FURTHER, FurtherInputs
from benchmarks.unseen_people.insulin.lows import LowsCount
from benchmarks.unseen_people.insulin.on_top import PACKAGES_PAST, PAST_ALONE
from benchmarks.unseen_people.insulin.resplit import SplitAnew
from benchmarks.unseen_people.insulin.who import TellsWho, who
from bloodtwin_core.config import TrainingSettings
from bloodtwin_core.training.module import ForecasterTraining, MakesTraining

TODAY = "glucose of BrisT1D"
BASE_TRAINING: dict[str, Any] = {"schedule": "cosine", "early_stopping_patience": 1000, "glucose_spread": 0.1}
"""configs/pretrained.yaml, but for the number of epochs."""
HIDDEN = {"hide_basal": 0.5, "hide_bolus": 0.3}
HIDDEN_AND_COARSE = {**HIDDEN, "coarse_basal": 0.4}


@dataclass(frozen=True)
class Variant:
    """One way to train; told says whether BrisT1D's insulin is known to it, inputs what it reads beside the eight.

    on_top_of: the variant whose network of the same fold it starts from; empty for fresh weights.
    """

    why: str
    training: Mapping[str, Any] = field(default_factory=dict)
    told: bool = True
    module: MakesTraining = ForecasterTraining
    inputs: FurtherInputs = NOTHING_FURTHER
    on_top_of: str = ""

    def training_settings(self, epochs: int, seed: int) -> TrainingSettings:
        """The base model's, but for what this variant changes."""
        given = {**BASE_TRAINING, "max_epochs": epochs, "seed": seed, **self.training}
        return TrainingSettings.model_validate(given)


VARIANTS: dict[str, Variant] = {
    TODAY: Variant("AZT1D, and BrisT1D without its insulin", told=False),
    "insulin": Variant("AZT1D and BrisT1D with their insulin"),
    "hidden": Variant("the same, basal hidden in half of the chunks, bolus in 30 %", HIDDEN),
    "hidden and coarse": Variant(
        "the same, and in 40 % of the chunks basal is the mean of the clock hour before, as in AZT1D",
        HIDDEN_AND_COARSE,
    ),
    "split anew": Variant(
        "the same, and the insulin of half of the chunks split into basal and bolus at another amount",
        HIDDEN_AND_COARSE,
        module=SplitAnew,
    ),
    "who": Variant(
        "hidden and coarse, and told what the person's own past says of them",
        {**HIDDEN_AND_COARSE, "hide_past": 0.2},
        module=TellsWho,
        inputs=who(after_days=1.0),
    ),
    "who after a week": Variant(
        "the same, but told nothing until a week of the past is known",
        {**HIDDEN_AND_COARSE, "hide_past": 0.2},
        module=TellsWho,
        inputs=who(after_days=7.0),
    ),
    "who, unknown in half": Variant(
        "who after a week, whose past is unknown in half of the chunks of training",
        {**HIDDEN_AND_COARSE, "hide_past": 0.5},
        module=TellsWho,
        inputs=who(after_days=7.0),
    ),
    "who by glucose": Variant(
        "the same, told of the past of glucose alone",
        {**HIDDEN_AND_COARSE, "hide_past": 0.2},
        module=TellsWho,
        inputs=who(after_days=7.0, doses=False),
    ),
    "past on top": Variant(
        "hidden and coarse, which stays as it is, and what the past says learnt on top of it",
        {**HIDDEN_AND_COARSE, **PAST_ALONE},
        inputs=PACKAGES_PAST,
        on_top_of="hidden and coarse",
    ),
    "shares of dose": Variant(
        "hidden and coarse, and told of insulin in shares of the daily dose as well",
        HIDDEN_AND_COARSE,
        module=TellsShares,
        inputs=DOSE_SHARES,
    ),
    "lows count": Variant(
        "hidden and coarse, and windows that fall below 70 mg/dL count three times",
        HIDDEN_AND_COARSE,
        module=LowsCount,
    ),
    "no insulin": Variant("glucose and time of day alone", {"hide_basal": 1.0, "hide_bolus": 1.0}),
}
