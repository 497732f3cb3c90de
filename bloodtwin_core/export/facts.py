"""What every export says of itself: the names of its inputs and outputs, and the facts kept inside the file."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.config import Cell
from bloodtwin_core.network.member import INSULIN
from bloodtwin_core.network.quantiles import QUANTILE_LEVELS
from bloodtwin_core.records import FEATURE_UNITS, RECORD_MINUTES, Values

INPUT, READING, OUTPUT = "input", "reading", "prediction"
"""Lookbacks, the one record of the streaming export, and point forecasts."""
QUANTILES, DISAGREEMENT = "quantiles", "disagreement"
"""Outputs that say how sure a forecast is; only an ensemble of several members has a disagreement."""
STATES: dict[Cell, tuple[str, ...]] = {Cell.lstm: ("hidden", "cell"), Cell.gru: ("hidden",)}
"""The state that each recurrent layer carries from record to record."""
PAST, SEEN = "past", "seen"
"""What attention carries beside them: the top layer's states after each of the last lookback records, oldest first, and
how many records there have been."""
STATE_OUT = "_out"
"""A state comes out under its own name with this behind it."""
BATCH = "batch"
"""Name of the free dimension."""
FACTS = "bloodtwin.json"
"""Key of the facts in ONNX metadata, and name of the extra file in a TorchScript archive."""

Predict = Callable[[Values], npt.NDArray[np.float32]]
"""Forecasts in mg/dL, [batch, horizon], from lookbacks in physical units, [batch, lookback, feature]."""


class ExportedForecast(NamedTuple):
    """What an export forecasts, in mg/dL.

    prediction: [batch, horizon]; quantiles: [batch, horizon, level], None from model.ts; disagreement: standard
    deviation over the members of an ensemble, [batch, horizon], None for a single network.
    """

    prediction: npt.NDArray[np.float32]
    quantiles: npt.NDArray[np.float32] | None = None
    disagreement: npt.NDArray[np.float32] | None = None


class ExportFacts(BaseModel):
    """What a user of the file needs to know, kept inside the file as JSON.

    states: shape of each state that the streaming export carries; a file that takes whole lookbacks has none.
    weights: float32, or int8 where they were quantized. quantile_levels: of the output quantiles, which ONNX files
    have. may_be_nan: features of which NaN means that nobody knows them.
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
    members: int = 1
    quantile_levels: tuple[float, ...] = ()
    may_be_nan: tuple[str, ...] = ()


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
        members=len(checkpoint.forecaster.each_member),
        quantile_levels=QUANTILE_LEVELS,
        may_be_nan=tuple(feature.value for feature in INSULIN),
    )


def forecast_outputs(facts: ExportFacts) -> list[str]:
    """Names of the outputs of an ONNX file that make a forecast, in the order of ExportedForecast.

    A file from before there were quantiles names no levels and gives the point forecast alone.
    """
    if not facts.quantile_levels:
        return [OUTPUT]
    return [OUTPUT, QUANTILES, *([DISAGREEMENT] if facts.members > 1 else [])]


def state_shapes(checkpoint: Checkpoint) -> dict[str, tuple[int | str, ...]]:
    """Shape of each state that the network carries from record to record, by its name, batch second.

    `hidden`, and `cell` of an LSTM: [member * num_layers, batch, hidden]. With attention also `past`
    [member * lookback, batch, hidden] and `seen` [1, batch, 1].
    """
    model, members = checkpoint.model, len(checkpoint.forecaster.each_member)
    shapes: dict[str, tuple[int | str, ...]] = dict.fromkeys(
        STATES[model.cell], (members * model.num_layers, BATCH, model.hidden_size)
    )
    if model.attention:
        shapes |= {PAST: (members * checkpoint.lookback, BATCH, model.hidden_size), SEEN: (1, BATCH, 1)}
    return shapes
