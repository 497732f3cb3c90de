"""A loaded export that answers: given these readings, what comes next?

forecaster = Forecaster.load(Path("artifacts/bloodtwin_unified_lstm/model.onnx"))
forecast = forecaster.forecast(records)
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import DataSettings
from bloodtwin_core.errors import DataError
from bloodtwin_core.export import ExportFacts, Predict, load_onnx, load_torchscript
from bloodtwin_core.records import RECORD_INTERVAL, RECORD_MINUTES, Feature, PumpRecords, Timestamps
from bloodtwin_core.windows import fill_from_the_past


@dataclass(frozen=True)
class Forecast:
    """Glucose to come, made at origin: times UTC [horizon], glucose mg/dL [horizon]."""

    pump_id: str
    origin: np.datetime64
    times: Timestamps
    glucose: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Forecaster:
    """An export and the facts inside it."""

    predict: Predict
    facts: ExportFacts

    @classmethod
    def load(cls, path: Path, threads: int = 0) -> "Forecaster":
        """Load model.onnx (with so many threads, 0: onnxruntime chooses) or model.ts.

        Raises ArtifactMissing if it is not there or damaged.
        """
        predict, facts = load_torchscript(path) if path.suffix == ".ts" else load_onnx(path, threads)
        return cls(predict, facts)

    def forecast(self, records: PumpRecords) -> Forecast:
        """What follows the last record; at least a lookback of records, on the five-minute grid, is needed.

        Raises DataError if there are too few records, a gap in the grid, or a last reading that is too old.
        """
        lookback = self.facts.lookback
        if len(records) < lookback:
            raise DataError(
                f"pump {records.pump_id}: a forecast needs {lookback} records, there are {len(records)}",
                todo=f"Give the last {lookback * RECORD_MINUTES} minutes, one record every {RECORD_MINUTES}",
            )
        recent = records.rows(len(records) - lookback, len(records))
        _require_grid(recent)
        _require_fresh_reading(recent, DataSettings.model_fields["max_reading_age_minutes"].default)
        window = fill_from_the_past(recent.values, self.facts.feature_centre)
        origin = recent.timestamps[-1]
        return Forecast(
            pump_id=records.pump_id,
            origin=origin,
            times=origin + RECORD_INTERVAL * np.arange(1, self.facts.horizon + 1),
            glucose=self.predict(window[None])[0],
        )


def _require_grid(records: PumpRecords) -> None:
    breaks = np.flatnonzero(np.diff(records.timestamps) != RECORD_INTERVAL)
    if len(breaks):
        raise DataError(
            f"pump {records.pump_id}: no record stands {RECORD_MINUTES} minutes after {records.timestamps[breaks[0]]}",
            todo="Fill the grid; a reading that was not measured is NaN with bg_missing_flag 1",
        )


def _require_fresh_reading(records: PumpRecords, max_age_minutes: float) -> None:
    measured = np.flatnonzero(records.feature(Feature.bg_missing_flag) == 0)
    age = (len(records) - 1 - measured[-1]) * RECORD_MINUTES if len(measured) else np.inf
    if age > max_age_minutes:
        raise DataError(
            f"pump {records.pump_id}: the last glucose reading is {age:g} minutes old",
            todo=f"A forecast may start from a reading that is at most {max_age_minutes:g} minutes old",
        )
