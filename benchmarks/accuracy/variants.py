"""What is varied: one thing at a time, away from a base, the defaults as they were before attention.

Attention and the longer chunks that suit it were found in this study and became defaults by it; the base stays, so that
its figures stay comparable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.accuracy import inputs
from benchmarks.accuracy.changes import AbsoluteTarget, HuberLoss, NoisyInputs, ShiftedClock
from benchmarks.accuracy.known_insulin import InsulinTakenOut, InsulinTakenOutUntold
from bloodtwin_core.config import ModelSettings, TrainingSettings
from bloodtwin_core.records import Split, Values
from bloodtwin_core.training.module import ForecasterTraining, MakesTraining
from bloodtwin_core.windows import Origins, WindowedSeries

BASE = "base"
BASE_MODEL = {"attention": False}
BASE_TRAINING = {"chunk_length": 288, "burn_in": 36}
"""Where the base differs from the defaults."""
LONG_CHUNKS = {"chunk_length": 576, "burn_in": 72}


@dataclass(frozen=True)
class Variant:
    """One way to train: settings that differ from the base, who is learnt from, and what no setting offers.

    inputs gives inputs beyond the eight features from windows and the folder of AZT1D, float32 [record, input].
    """

    why: str
    training: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    days_before_basal: bool = False
    with_brist1d: bool = False
    complete_windows_only: bool = False
    module: MakesTraining = ForecasterTraining
    inputs: Callable[[WindowedSeries, Path], Values] | None = None

    @property
    def training_settings(self) -> TrainingSettings:
        """The base's, but for what this variant changes."""
        return TrainingSettings.model_validate({**BASE_TRAINING, **self.training})

    @property
    def model_settings(self) -> ModelSettings:
        """The base's, but for what this variant changes."""
        return ModelSettings.model_validate({**BASE_MODEL, **self.model})


def with_complete_windows_only(windows: WindowedSeries) -> WindowedSeries:
    """The windows without the training origins whose lookback or targets have a gap: dropped instead of masked."""
    origins = windows.origins[Split.train]
    kept = Origins(origins.rows[origins.complete], origins.complete[origins.complete])
    return replace(windows, origins={**windows.origins, Split.train: kept})


BEFORE = {"weight_averaging": 0.0, "learning_rate": 1e-3, **LONG_CHUNKS, "weight_decay": 0.0}
LONG = {"schedule": "cosine", "max_epochs": 16, "early_stopping_patience": 16}


def everyone(why: str, chunks: Mapping[str, int] = BASE_TRAINING, **model: Any) -> Variant:
    """AZT1D with the days before basal, and BrisT1D."""
    training = {"glucose_spread": 0.1, **LONG, **chunks}
    return Variant(why, training, model, days_before_basal=True, with_brist1d=True)


VARIANTS: dict[str, Variant] = {
    BASE: Variant("the defaults before attention"),
    "slow steps": Variant("learning rate 1e-3, chunks of 48 h, no averaging, no decay", training=BEFORE),
    "no averaging": Variant("the weights themselves", training={"weight_averaging": 0.0}),
    "no decay": Variant("weights do not decay", training={"weight_decay": 0.0}),
    "more decay": Variant("weights decay five times as fast", training={"weight_decay": 5e-2}),
    "long chunks": Variant("chunks of 48 h, burn-in of 6 h", training=LONG_CHUNKS),
    "long burn-in": Variant("burn-in of 12 h", training={"chunk_length": 396, "burn_in": 144}),
    "absolute": Variant("the level is forecast, not the change", module=AbsoluteTarget),
    "dropping": Variant("windows with a gap are dropped, not masked", complete_windows_only=True),
    "point loss": Variant("absolute error of the point forecast, no quantiles", model={"quantiles": False}),
    "huber": Variant("Huber's loss of the point forecast", model={"quantiles": False}, module=HuberLoss),
    "input noise": Variant("noise on all inputs, 5 % of their scale", module=NoisyInputs),
    "shifted clock": Variant("time of day of each chunk shifted by about an hour", module=ShiftedClock),
    "carbohydrates": Variant("carbohydrates told to the pump", inputs=inputs.carbohydrates),
    "insulin on board": Variant("insulin on board and acting", inputs=inputs.insulin_on_board),
    "carbohydrates on board": Variant(
        "carbohydrates told, on board and absorbed", inputs=inputs.carbohydrates_on_board
    ),
    "everything on board": Variant("both on board", inputs=inputs.everything_on_board),
    "insulin taken out": Variant("insulin's known effect taken out as input and target", module=InsulinTakenOut),
    "insulin taken out, untold": Variant("the same, and the network told of no insulin", module=InsulinTakenOutUntold),
    "person": Variant("an embedding of the person", inputs=inputs.person),
    "two hours": Variant("24 steps ahead", data={"horizon": 24}),
    "two hours, nearness": Variant("24 steps ahead, nearness 1", data={"horizon": 24}, training={"nearness": 1.0}),
    "small": Variant("64 units a layer", model={"hidden_size": 64}),
    "large": Variant("256 units a layer", model={"hidden_size": 256}),
    "gru": Variant("GRU layers", model={"cell": "gru"}),
    "attention": Variant("temporal attention", model={"attention": True}),
    "attention, long chunks": Variant(
        "attention, chunks of 48 h, burn-in of 6 h: the defaults now",
        training=LONG_CHUNKS,
        model={"attention": True},
    ),
    "attention, whole lookbacks": Variant(
        "attention, chunks of 48 h, burn-in of 24 h: every forecast looks back on a whole day",
        training={"chunk_length": 576, "burn_in": 287},
        model={"attention": True},
    ),
    "more dropout": Variant("dropout 0.4", model={"dropout": 0.4}),
    "no dropout": Variant("dropout 0", model={"dropout": 0.0}),
    "spread": Variant("glucose of each chunk scaled, spread 0.1", training={"glucose_spread": 0.1}),
    "ensemble": Variant("three members", model={"ensemble_size": 3}),
    "ensemble of five": Variant("five members", model={"ensemble_size": 5}),
    "days before": Variant("the days before basal is known as well", days_before_basal=True),
    "days before, spread": Variant(
        "the same, glucose scaled", training={"glucose_spread": 0.1}, days_before_basal=True
    ),
    "everyone": everyone("BrisT1D as well, glucose scaled, a cosine of 16 epochs"),
    "everyone, more dropout": everyone("the same, dropout 0.4", dropout=0.4),
    "everyone, gru": everyone("the same, GRU layers", cell="gru"),
    "everyone, attention": everyone("the same, temporal attention", attention=True),
    "everyone, ensemble": everyone("the same, three members", ensemble_size=3),
    "everyone, attention, ensemble": everyone(
        "the same, temporal attention and three members", attention=True, ensemble_size=3
    ),
    "base model": everyone(
        "the same, chunks of 48 h, burn-in of 6 h: the base model", LONG_CHUNKS, attention=True, ensemble_size=3
    ),
}
