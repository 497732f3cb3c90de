"""Forecasts from whole lookbacks of records, each by itself."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import RECORD_INTERVAL, RECORD_MINUTES, Feature, PumpRecords, Values
from bloodtwin_core.records.filling import fill_from_the_past
from bloodtwin_core.serving.facts import ExportedForecast, ExportFacts, Predict
from bloodtwin_core.serving.forecast import Forecast, forecast_of, require_fresh
from bloodtwin_core.serving.onnx_files import WindowNetwork, load_onnx


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
        if path.suffix == ".ts":
            # torch takes seconds to import, and only this format needs it.
            from bloodtwin_core.serving.torchscript import load_torchscript

            return cls(*load_torchscript(path))
        return cls(*load_onnx(path, threads))

    def forecast(self, records: PumpRecords) -> Forecast:
        """What follows the last record; at least a lookback of records, on the five-minute grid, is needed.

        Of a feature that the records do not have nothing is known; one that the export does not take is left out.
        Raises DataError if there are too few records, a gap in the grid, or a last reading that is too old.
        """
        lookback = self.facts.lookback
        if len(records) < lookback:
            raise DataError(
                f"pump {records.pump_id}: a forecast needs {lookback} records, there are {len(records)}",
                todo=f"Give the last {lookback * RECORD_MINUTES} minutes, one record every {RECORD_MINUTES}",
            )
        recent = records.rows(len(records) - lookback, len(records)).with_features(self.facts.features)
        _require_grid(recent)
        _require_fresh_reading(recent)
        window = fill_from_the_past(recent.values, self.facts.feature_centre, recent.features)
        origin = recent.timestamps[-1]
        return forecast_of(records.pump_id, origin, self._answer(window[None]), self.facts)

    def _answer(self, window: Values) -> ExportedForecast:
        if isinstance(self.predict, WindowNetwork):
            return self.predict.forecast(window)
        return ExportedForecast(self.predict(window))


def _require_grid(records: PumpRecords) -> None:
    breaks = np.flatnonzero(np.diff(records.timestamps) != RECORD_INTERVAL)
    if len(breaks):
        raise DataError(
            f"pump {records.pump_id}: no record stands {RECORD_MINUTES} minutes after {records.timestamps[breaks[0]]}",
            todo="Fill the grid; a reading that was not measured is NaN with bg_missing_flag 1",
        )


def _require_fresh_reading(records: PumpRecords) -> None:
    measured = np.flatnonzero(records.feature(Feature.bg_missing_flag) == 0)
    age = (len(records) - 1 - measured[-1]) * RECORD_MINUTES if len(measured) else np.inf
    require_fresh(records.pump_id, age)
