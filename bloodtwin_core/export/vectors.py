"""A test vector: made-up records, what the network is to see of them, and what it forecasts.

Whoever runs an export in another language makes the input from the records, holds it against the input here, then the
forecast against the forecast. No person's data is in it.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.files import atomic_write, sha256_of
from bloodtwin_core.records import (
    FEATURE_TABLE,
    FEATURES,
    GLUCOSE_LIMITS,
    RECORD_INTERVAL,
    UNKNOWN_ZONE,
    WALL_TIME,
    Clock,
    FeatureRow,
    PumpRecords,
    records_from_signals,
)
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.intake import taken
from bloodtwin_core.serving.lookback import lookback_of
from bloodtwin_core.serving.windowed import Forecaster

TOLERANCE = 1e-3
"""mg/dL within which a port should forecast the same; the same arithmetic on other machines differs by less."""
_END = np.datetime64("2026-03-29T12:00:00", "s")
"""Clocks in Berlin were put forward eleven hours before, so that a wrong zone shows."""
_BEFORE = 24
"""Records before the lookback, out of which something is carried into it."""

Numbers = list[float | None]


class VectorCase(BaseModel):
    """One case: records as measured, null where unknown, and what becomes of them.

    timestamps: of the records, ISO 8601, in UTC unless wearer_zone is "wall time". bg mg/dL, basal_rate U/h, bolus_dose
    U. extra: what a model takes beyond the contract's eight features, by its name and in the unit that model.json says.
    input: [step][feature]. prediction: mg/dL [step]; quantiles: mg/dL [step][level].
    """

    model_config = ConfigDict(frozen=True)

    name: str
    wearer_zone: str
    timestamps: list[str]
    bg: Numbers
    basal_rate: Numbers
    bolus_dose: Numbers
    extra: dict[str, Numbers] = {}
    input: list[Numbers]
    prediction: list[float]
    quantiles: list[list[float]]


class ReferenceVector(BaseModel):
    """test_vector.json. tolerance: mg/dL. model: the file that gave the forecasts, by its sha256."""

    model_config = ConfigDict(frozen=True)

    model: str
    sha256: str
    tolerance: float
    cases: tuple[VectorCase, ...]


def write_test_vector(model: Path, path: Path) -> None:
    """Write the test vector of a model.onnx. Raises what Forecaster.load raises."""
    forecaster = Forecaster.load(model, threads=1)
    cases = (_case("all measured", forecaster, gaps=False), _case("gaps", forecaster, gaps=True))
    vector = ReferenceVector(model=model.name, sha256=sha256_of(model), tolerance=TOLERANCE, cases=cases)
    with atomic_write(path) as temporary:
        # Without extra where there is none: the vector of a model of the eight features stays what it was.
        temporary.write_text(vector.model_dump_json(exclude_defaults=True) + "\n", "utf-8")


def _case(name: str, forecaster: Forecaster, *, gaps: bool) -> VectorCase:
    glucose, basal_rate, bolus_dose = _signals(forecaster.facts.lookback, gaps=gaps)
    count = len(glucose)
    further = forecaster.facts.features[len(FEATURES) :]
    extra = {name: _extra_signal(FEATURE_TABLE[name], count, gaps=gaps) for name in further}
    timestamps = _END - RECORD_INTERVAL * np.arange(count)[::-1]
    made_up = records_from_signals("made-up", timestamps, glucose, basal_rate, bolus_dose, extra)
    records = taken(_in_zone(made_up.with_features(forecaster.facts.features), forecaster.facts))
    _, window = lookback_of(records, forecaster.facts)
    forecast = forecaster.forecast(records)
    return VectorCase(
        name=name,
        wearer_zone=records.wearer_zone,
        timestamps=[f"{time}{'' if records.wearer_zone == WALL_TIME else 'Z'}" for time in timestamps],
        bg=_numbers(glucose),
        basal_rate=_numbers(basal_rate),
        bolus_dose=_numbers(bolus_dose),
        extra={name: _numbers(values) for name, values in extra.items()},
        input=[_numbers(step) for step in window],
        prediction=[float(glucose) for glucose in forecast.glucose],
        quantiles=[] if forecast.quantiles is None else forecast.quantiles.astype(float).tolist(),
    )


def _in_zone(records: PumpRecords, facts: ExportFacts) -> PumpRecords:
    zones = {Clock.utc: UNKNOWN_ZONE, Clock.local: "Europe/Berlin", Clock.mixed: "Europe/Berlin", None: WALL_TIME}
    return replace(records, wearer_zone=zones[facts.clock])


def _signals(lookback: int, *, gaps: bool) -> tuple[npt.NDArray[np.float64], ...]:
    """Glucose, basal rate and bolus [record] of a made-up day and the hours before it."""
    count = lookback + _BEFORE
    step = np.arange(count)
    glucose = np.round(150 + 60 * np.sin(step / 21) + 20 * np.sin(step / 5), 1)
    basal = np.where(step % 48 < 24, 0.8, 1.1)
    bolus = np.where(step % 60 == 10, 4.5, 0.0)
    if gaps:
        # As many as a forecast may start from: a tenth of the lookback.
        missing = max(1, lookback // 30)
        glucose[_BEFORE - 1 : _BEFORE + missing] = np.nan
        glucose[-lookback // 2 : -lookback // 2 + missing] = np.nan
        glucose[-lookback // 4] = GLUCOSE_LIMITS.high + 20
        basal[_BEFORE // 2 :] = np.nan
        bolus[-lookback // 3 : -lookback // 3 + missing] = np.nan
    return glucose, basal, bolus


def _extra_signal(row: FeatureRow, count: int, *, gaps: bool) -> npt.NDArray[np.float64]:
    """Values [record] of a further feature within its limits: mostly the least, now and then several spreads more."""
    low, high = (0.0, np.inf) if row.limits is None else (row.limits.low, row.limits.high)
    before_the_last = np.arange(count)[::-1]
    values = np.where(before_the_last % 60 == 2, min(low + 4.5 * row.spread, high), low)
    if gaps and row.may_be_unknown:
        values[-count // 4 : -count // 4 + count // 12] = np.nan
    return values


def _numbers(values: npt.NDArray[np.floating]) -> Numbers:
    return [None if np.isnan(value) else float(value) for value in values]
