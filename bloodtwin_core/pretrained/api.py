"""Forecasts from the base model, in three lines.

from bloodtwin_core.pretrained import base_forecaster, from_glucose
forecaster = base_forecaster()
print(forecaster.forecast(from_glucose(readings, until="2026-01-31T12:00")).glucose)
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.possible import POSSIBLE_BASAL, POSSIBLE_BOLUS, POSSIBLE_GLUCOSE, outside
from bloodtwin_core.events.units import GlucoseUnit, in_mg_per_dl
from bloodtwin_core.pretrained.files import ONNX, ONNX_STREAMING, shipped_file
from bloodtwin_core.records import (
    CARBOHYDRATES,
    FEATURE_TABLE,
    GLUCOSE_LIMITS,
    RECORD_INTERVAL,
    RECORD_MINUTES,
    UNKNOWN_ZONE,
    WALL_TIME,
    Limits,
    PumpRecords,
    extra_features,
    records_from_signals,
)
from bloodtwin_core.serving import Forecaster, StreamingForecaster

_READABLE = Limits(GLUCOSE_LIMITS.low, POSSIBLE_GLUCOSE.high, POSSIBLE_GLUCOSE.unit)
"""What a sensor may have told. Lower is another unit, if only of one reading: no sensor shows less than 39 mg/dL, and
here, other than of files, nobody is told what was clipped."""
Signal = Sequence[float] | npt.NDArray[np.floating]


def base_forecaster(threads: int = 0) -> Forecaster:
    """The base model, which takes the last 24 hours; threads as in Forecaster.load.

    Raises ArtifactMissing if this installation comes without one, or it was changed.
    """
    return Forecaster.load(shipped_file(ONNX), threads)


def base_streaming_forecaster(threads: int = 1) -> StreamingForecaster:
    """The base model, which takes one reading after the other. Raises what base_forecaster raises."""
    return StreamingForecaster.load(shipped_file(ONNX_STREAMING), threads)


def from_glucose(
    glucose: Signal,
    until: str,
    basal_rate: Signal | None = None,
    bolus_dose: Signal | None = None,
    pump_id: str = "wearer",
    carbohydrates: Signal | None = None,
    unit: str = GlucoseUnit.mg_dl,
    extra: Mapping[str, Signal] | None = None,
) -> PumpRecords:
    """Records from plain readings, one every five minutes, the last one at until.

    until is ISO 8601. Without an offset it is the wearer's local wall time. With one (2026-01-31T12:00+01:00) it is
    that moment, and the wearer's clock is so far ahead of UTC. With Z it is UTC of a wearer who lives nobody knows
    where: name the zone then, from_glucose(...).in_zone("Europe/Berlin"). Where clocks were changed in the last day, a
    zone is right and an offset is not. until is rounded to the five-minute grid.
    glucose in unit (mg/dL or mmol/L), basal_rate U/h, bolus_dose U: each [record], NaN where unknown; insulin left out
    is unknown. carbohydrates: g announced in the five minutes of each record, 0 where none were, for a model of your
    own that was trained with them (data.extra_features); the base model was not and passes them over. extra: all such
    features by their names, each [record] in its unit, NaN where unknown.
    Raises ValueError if they are not of one length, and if one is given twice or is no extra feature; DataError for
    what is impossible, infinite or of another unit, and for an until that is no time.
    """
    readings = _numbers("glucose", glucose)
    unknown = np.full(len(readings), np.nan)
    basal = unknown if basal_rate is None else _numbers("basal_rate", basal_rate)
    bolus = unknown if bolus_dose is None else _numbers("bolus_dose", bolus_dose)
    further = _further(carbohydrates, extra or {})
    if not len(readings) == len(basal) == len(bolus) or any(len(more) != len(readings) for more in further.values()):
        announced = "".join(f", {len(values)} {name}" for name, values in further.items())
        raise ValueError(
            f"{len(readings)} readings, {len(basal)} basal rates and {len(bolus)} boluses{announced}: "
            f"give as many of each, one every {RECORD_MINUTES} minutes"
        )
    readings = _in_mg_per_dl(readings, unit)
    _refuse_impossible("glucose", readings, _READABLE)
    _refuse_impossible("basal_rate", basal, POSSIBLE_BASAL)
    _refuse_impossible("bolus_dose", bolus, POSSIBLE_BOLUS)
    for name, values in further.items():
        if (limits := FEATURE_TABLE[name].limits) is not None:
            _refuse_impossible(name, values, limits)
    moment, zone = _moment(until)
    seconds = RECORD_MINUTES * 60
    last = np.datetime64(round(moment.astype(np.int64) / seconds) * seconds, "s")
    timestamps = last - RECORD_INTERVAL * np.arange(len(readings))[::-1]
    records = records_from_signals(pump_id, timestamps, readings, basal, bolus, further)
    return replace(records, wearer_zone=zone)


def _further(carbohydrates: Signal | None, extra: Mapping[str, Signal]) -> dict[str, npt.NDArray[np.float64]]:
    """The signals beyond glucose and insulin, by their features' names."""
    if carbohydrates is not None and CARBOHYDRATES in extra:
        raise ValueError(f"{CARBOHYDRATES} are given twice, by themselves and in extra: give them once")
    if unknown := [name for name in extra if name not in extra_features()]:
        raise ValueError(f"extra names {', '.join(unknown)}, but can hold {', '.join(extra_features())}: correct it")
    announced = {} if carbohydrates is None else {CARBOHYDRATES: carbohydrates}
    return {name: _numbers(name, values) for name, values in {**announced, **extra}.items()}


def _numbers(name: str, values: Signal) -> npt.NDArray[np.float64]:
    """A signal as it was given [record], NaN where it is masked. Raises DataError for what are no numbers in a row."""
    todo = f"Give one number every {RECORD_MINUTES} minutes, NaN where it is unknown"
    try:
        if np.iscomplexobj(values):
            raise DataError(f"{name} holds complex numbers", todo=todo)
        numbers: npt.NDArray[np.float64] = np.ma.filled(np.ma.masked_array(values, dtype=np.float64), np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds what is no number ({str(error)[:100]})", todo=todo) from error
    if numbers.ndim != 1:
        raise DataError(f"{name} has {numbers.ndim} dimensions, not one", todo=todo)
    return numbers


def _in_mg_per_dl(readings: npt.NDArray[np.float64], unit: str) -> npt.NDArray[np.float64]:
    if unit not in tuple(GlucoseUnit):
        raise DataError(f"'{str(unit)[:200]}' is no unit of glucose", todo=f"Give unit as {' or '.join(GlucoseUnit)}")
    return in_mg_per_dl(readings, GlucoseUnit(unit), source="from_glucose")


def _refuse_impossible(name: str, values: npt.NDArray[np.float64], limits: Limits) -> None:
    wrong = outside(values, limits)
    if wrong.any():
        first = int(wrong.argmax())
        raise DataError(
            f"{name}[{first}] is {values[first]:g} {limits.unit}, which is impossible",
            todo=f"It must be {limits.low:g} to {limits.high:g} {limits.unit}, or NaN where it is unknown",
        )


def _moment(until: str) -> tuple[np.datetime64, str]:
    """The time that until tells, and the wearer_zone of records whose timestamps are on its clock."""
    try:
        time = datetime.fromisoformat(until)
        in_utc = time if time.utcoffset() is None else time.astimezone(UTC).replace(tzinfo=None)
    except (TypeError, ValueError, OverflowError) as error:
        example = "Write it as 2026-01-31T12:00, or with its offset from UTC as 2026-01-31T12:00+01:00"
        raise DataError(f"until is '{str(until)[:200]}', which is no time", todo=example) from error
    if time.utcoffset() is None:
        return np.datetime64(time, "s"), WALL_TIME
    stated = time.strftime("%z")
    zone = UNKNOWN_ZONE if until.rstrip()[-1] in "Zz" else f"{stated[:3]}:{stated[3:5]}"
    return np.datetime64(in_utc, "s"), zone
