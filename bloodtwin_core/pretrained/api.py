"""Forecasts from the base model, in three lines.

from bloodtwin_core.pretrained import base_forecaster, from_glucose
forecaster = base_forecaster()
print(forecaster.forecast(from_glucose(readings, until="2026-01-31T12:00")).glucose)
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bloodtwin_core.pretrained.files import ONNX, ONNX_STREAMING, shipped_file
from bloodtwin_core.records import CARBOHYDRATES, RECORD_INTERVAL, RECORD_MINUTES, PumpRecords, records_from_signals
from bloodtwin_core.serving import Forecaster, StreamingForecaster

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
    pump_id: str = "newcomer",
    carbohydrates: Signal | None = None,
) -> PumpRecords:
    """Records from plain readings, one every five minutes, the last one at until.

    until is the wearer's local wall time in ISO 8601, without a zone, because the people whose data the base model
    learned from had their times so; for a model of your own it is what its records' clock shows.
    glucose mg/dL, basal_rate U/h, bolus_dose U: each [record], NaN where unknown; insulin left out is unknown.
    carbohydrates: g announced in the five minutes of each record, 0 where none were, for a model of your own that was
    trained with them (data.extra_features); the base model was not and passes them over.
    until is rounded to the five-minute grid. Raises ValueError if they are not of one length.
    """
    readings = np.asarray(glucose, dtype=np.float64)
    unknown = np.full(len(readings), np.nan)
    basal = unknown if basal_rate is None else np.asarray(basal_rate, dtype=np.float64)
    bolus = unknown if bolus_dose is None else np.asarray(bolus_dose, dtype=np.float64)
    extra = {} if carbohydrates is None else {CARBOHYDRATES: np.asarray(carbohydrates, dtype=np.float64)}
    if not len(readings) == len(basal) == len(bolus) or any(len(values) != len(readings) for values in extra.values()):
        announced = "".join(f", {len(values)} {name}" for name, values in extra.items())
        raise ValueError(
            f"{len(readings)} readings, {len(basal)} basal rates and {len(bolus)} boluses{announced}: "
            f"give as many of each, one every {RECORD_MINUTES} minutes"
        )
    seconds = RECORD_MINUTES * 60
    last = np.datetime64(round(np.datetime64(until, "s").astype(np.int64) / seconds) * seconds, "s")
    timestamps = last - RECORD_INTERVAL * np.arange(len(readings))[::-1]
    return records_from_signals(pump_id, timestamps, readings, basal, bolus, extra)
