"""What every export says of itself: the names of its inputs and outputs, and the facts kept inside the file."""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, model_validator

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import FEATURES, Clock, OriginRules, Values, known_features, units_of

INPUT, READING, OUTPUT = "input", "reading", "prediction"
"""Lookbacks, the one record of the streaming export, and point forecasts."""
QUANTILES, DISAGREEMENT = "quantiles", "disagreement"
"""Outputs that say how sure a forecast is; only an ensemble of several members has a disagreement."""
PAST, SEEN = "past", "seen"
"""What attention carries beside them: the top layer's states after each of the last lookback records, oldest first, and
how many records there have been."""
WEARER_PAST = "wearer_past"
"""What the past says of the wearer, the optional input of the ONNX files of a network that reads it."""
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


class ExportFacts(OriginRules):
    """What a user of the file needs to know, kept inside the file as JSON.

    states: shape of each state that the streaming export carries; a file that takes whole lookbacks has none.
    feature_units: the features in the order of the input's last axis, and the unit of each. weights: float32, or int8
    where they were quantized. quantile_levels: of the output quantiles, which ONNX files have. may_be_nan: features of
    which NaN means that nobody knows them. wearer_past: names and units of the columns of the input of that name, empty
    where a file has none. What a forecast may start from, and whose time of day is to be told, stands
    in OriginRules; a file from before they were kept has the defaults and names no clock.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    model_name: str
    model_version: str
    checkpoint_sha256: str
    data_fingerprint: str
    lookback: int
    horizon: int
    record_minutes: int
    feature_units: dict[str, str] = Field(default_factory=lambda: units_of(FEATURES))
    feature_centre: dict[str, float]
    output_unit: str
    states: dict[str, tuple[int | str, ...]] = Field(default_factory=dict)
    weights: str = "float32"
    members: int = 1
    quantile_levels: tuple[float, ...] = ()
    may_be_nan: tuple[str, ...] = ()
    wearer_past: dict[str, str] = Field(default_factory=dict, exclude_if=lambda units: not units)

    @model_validator(mode="after")
    def _knows_its_features(self) -> Self:
        known_features([*self.feature_units, *self.wearer_past])
        return self

    @property
    def features(self) -> tuple[str, ...]:
        """The features in the order of the input's last axis, the contract's eight first."""
        return known_features(list(self.feature_units))


def with_clock(facts: ExportFacts, clock: Clock | None) -> ExportFacts:
    """The facts with the clock that a user says a file learnt from, which is too old to say it.

    Raises SettingsError if the file says another.
    """
    if clock is None:
        return facts
    if facts.clock not in (None, clock):
        raise SettingsError(
            f"the model's file says that it learnt from {facts.clock} time, not {clock}. Leave clock out"
        )
    return facts.model_copy(update={"clock": clock})


def onnx_inputs(name: str, records: Values, facts: ExportFacts) -> dict[str, Values]:
    """The inputs of an ONNX file from records [..., feature] or [..., feature and past]; name takes the features.

    Without columns of the past it is unknown to the network.
    """
    own = len(facts.feature_units)
    if records.shape[-1] == own:
        return {name: records}
    return {name: records[..., :own], WEARER_PAST: records[..., own:]}


def forecast_outputs(facts: ExportFacts) -> list[str]:
    """Names of the outputs of an ONNX file that make a forecast, in the order of ExportedForecast.

    A file from before there were quantiles names no levels and gives the point forecast alone.
    """
    if not facts.quantile_levels:
        return [OUTPUT]
    return [OUTPUT, QUANTILES, *([DISAGREEMENT] if facts.members > 1 else [])]
