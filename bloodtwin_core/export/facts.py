"""What every export says of itself: the names of its inputs and outputs, and the facts kept inside the file."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.config import Cell
from bloodtwin_core.records import FEATURE_UNITS, RECORD_MINUTES, Values

INPUT, READING, OUTPUT = "input", "reading", "prediction"
"""Lookbacks, the one record of the streaming export, and forecasts."""
STATES: dict[Cell, tuple[str, ...]] = {Cell.lstm: ("hidden", "cell"), Cell.gru: ("hidden",)}
"""The state that each recurrent layer carries from record to record."""
STATE_OUT = "_out"
"""A state comes out under its own name with this behind it."""
BATCH = "batch"
"""Name of the free dimension."""
FACTS = "bloodtwin.json"
"""Key of the facts in ONNX metadata, and name of the extra file in a TorchScript archive."""

Predict = Callable[[Values], npt.NDArray[np.float32]]
"""Forecasts in mg/dL, [batch, horizon], from lookbacks in physical units, [batch, lookback, feature]."""


class ExportFacts(BaseModel):
    """What a user of the file needs to know, kept inside the file as JSON.

    states: shape of each state that the streaming export carries, [num_layers, batch, hidden]; a file that takes
    whole lookbacks has none. weights: float32, or int8 where they were quantized.
    """

    model_config = ConfigDict(frozen=True)

    model_name: str
    model_version: str
    checkpoint_sha256: str
    data_fingerprint: str
    lookback: int
    horizon: int
    record_minutes: int
    feature_units: dict[str, str]
    feature_centre: dict[str, float]
    output_unit: str
    states: dict[str, tuple[int | str, ...]] = Field(default_factory=dict)
    weights: str = "float32"


def facts_of(checkpoint: Checkpoint) -> ExportFacts:
    """The facts about a checkpoint that its exports carry."""
    units = {feature.value: unit for feature, unit in FEATURE_UNITS.items()}
    return ExportFacts(
        model_name=checkpoint.model.name,
        model_version=checkpoint.version,
        checkpoint_sha256=checkpoint.sha256,
        data_fingerprint=checkpoint.data_fingerprint,
        lookback=checkpoint.lookback,
        horizon=checkpoint.horizon,
        record_minutes=RECORD_MINUTES,
        feature_units=units,
        feature_centre=dict(zip(units, checkpoint.forecaster.centre.tolist(), strict=True)),
        output_unit="mg/dL",
    )


def state_shapes(checkpoint: Checkpoint) -> dict[str, tuple[int | str, ...]]:
    """Shape of each state that the network carries from record to record, by its name."""
    model = checkpoint.model
    return dict.fromkeys(STATES[model.cell], (model.num_layers, BATCH, model.hidden_size))
