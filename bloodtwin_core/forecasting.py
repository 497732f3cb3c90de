"""A loaded export that answers: given these readings, what comes next?

forecaster = Forecaster.load(Path("artifacts/bloodtwin_unified_lstm/model.onnx"))
forecast = forecaster.forecast(records)
lowest, highest = forecast.band(0.80)

Or with carried state, one reading after the other:

stream = StreamingForecaster.load(Path("artifacts/bloodtwin_unified_lstm/model_streaming.onnx"))
stream.feed(records)
forecast = stream.forecast()
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import DataSettings
from bloodtwin_core.errors import DataError, SettingsError
from bloodtwin_core.export import (
    ExportedForecast,
    ExportFacts,
    Predict,
    StreamingNetwork,
    WindowNetwork,
    load_onnx,
    load_streaming,
    load_torchscript,
)
from bloodtwin_core.records import (
    CARRIED_BASAL_RECORDS,
    RECORD_INTERVAL,
    RECORD_MINUTES,
    Feature,
    PumpRecords,
    Timestamps,
    Values,
    records_from_signals,
)
from bloodtwin_core.windows import fill_from_the_past

MAX_GAP = np.timedelta64(int(DataSettings.model_fields["max_gap_hours"].default * 3600), "s")
"""A longer gap in glucose ends a segment."""


@dataclass(frozen=True)
class Forecast:
    """Glucose to come, made at origin: times on the records' clock [horizon], glucose mg/dL [horizon].

    quantiles: mg/dL [horizon, level], rising with levels, None from a file without them (model.ts). disagreement:
    standard deviation over the members of an ensemble, mg/dL [horizon], None from a single network.
    """

    pump_id: str
    origin: np.datetime64
    times: Timestamps
    glucose: npt.NDArray[np.float32]
    levels: tuple[float, ...] = ()
    quantiles: npt.NDArray[np.float32] | None = None
    disagreement: npt.NDArray[np.float32] | None = None

    def band(self, share: float = 0.80) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Lowest and highest glucose (mg/dL), each [horizon], between which that share of readings should lie.

        Raises SettingsError if the file gives no quantiles that bound this share.
        """
        shares = {round(1.0 - 2.0 * level, 6): level for level in self.levels if level < 0.5}
        if self.quantiles is None or round(share, 6) not in shares:
            there = f"those of {', '.join(f'{known:g}' for known in sorted(shares))}" if shares else "none"
            raise SettingsError(
                f"a band of {share:g} was asked for, and the export gives {there}. "
                "Ask for one of those, or load model.onnx, which gives quantiles"
            )
        below = self.levels.index(shares[round(share, 6)])
        return self.quantiles[:, below], self.quantiles[:, len(self.levels) - 1 - below]


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
        return _forecast(records.pump_id, origin, self._answer(window[None]), self.facts)

    def _answer(self, window: Values) -> ExportedForecast:
        if isinstance(self.predict, WindowNetwork):
            return self.predict.forecast(window)
        return ExportedForecast(self.predict(window))


class StreamingForecaster:
    """A streaming export and the state that the records fed so far have left; one forecaster for one pump.

    After exactly a lookback of records it forecasts what model.onnx does. After more it has seen more than model.onnx
    would, which changes next to nothing: 2e-5 mg/dL on a trained network.
    """

    def __init__(self, network: StreamingNetwork) -> None:
        self.network, self.facts = network, network.facts
        self._pump_id: str | None = None
        self._begin()

    @classmethod
    def load(cls, path: Path, threads: int = 1) -> "StreamingForecaster":
        """Load model_streaming.onnx. Raises ArtifactMissing if it is not there or damaged."""
        network, _ = load_streaming(path, threads)
        return cls(network)

    def feed(self, records: PumpRecords) -> None:
        """Take one or many records that follow those fed before; what lies between is carried forward and flagged.

        Whatever precedes the first measured glucose is passed over, as it is in training. After a gap in glucose that
        ends a segment (data.max_gap_hours) the forecaster begins anew.
        Raises DataError, and takes nothing, if records are another pump's, go back in time or leave the five-minute
        grid.
        """
        self._require_progress(records)
        for timestamp, values in zip(records.timestamps, records.values, strict=True):
            if self._last is not None and timestamp - self._measured_at > MAX_GAP:
                self._begin()
            if self._last is not None:
                missed = int((timestamp - self._origin) / RECORD_INTERVAL) - 1
                for moment in _following(self._origin, missed):
                    self._read(moment, _not_measured(moment))
            self._read(timestamp, values)
        self._pump_id = records.pump_id

    def forecast(self) -> Forecast:
        """What follows the last record fed.

        Raises DataError if less than a lookback of records has been fed, or the last reading is too old.
        """
        lookback = self.facts.lookback
        if self._pump_id is None or self._count < lookback:
            raise DataError(
                f"pump {self._pump_id or 'not known yet'}: a forecast needs {lookback} records since glucose was first "
                f"measured, {self._count} have been fed",
                todo=f"Feed the last {lookback * RECORD_MINUTES} minutes first",
            )
        age = (self._origin - self._measured_at) / np.timedelta64(1, "m")
        _require_fresh(self._pump_id, age, DataSettings.model_fields["max_reading_age_minutes"].default)
        return _forecast(self._pump_id, self._origin, self._answer, self.facts)

    def _begin(self) -> None:
        self._states = self.network.zero_states()
        self._last: Values | None = None
        self._count = self._basal_age = 0
        self._origin: np.datetime64 = np.datetime64("NaT", "s")
        self._measured_at: np.datetime64 = np.datetime64("NaT", "s")

    def _read(self, timestamp: np.datetime64, values: Values) -> None:
        """Carry forward what is not known, and take one step of the network."""
        measured = values[Feature.bg_missing_flag.column] == 0
        if self._last is None:
            if not measured:
                return
            self._last = values
        record = fill_from_the_past(np.stack([self._last, values]), self.facts.feature_centre)[1]
        basal, change = Feature.basal_rate.column, Feature.delta_bg.column
        # The one before may itself have been carried here, so its age is counted.
        self._basal_age = self._basal_age + 1 if np.isnan(values[basal]) else 0
        if self._basal_age > CARRIED_BASAL_RECORDS:
            record[basal] = np.nan
        if measured and self._measured_at == timestamp - RECORD_INTERVAL and np.isnan(values[change]):
            # A record that comes alone cannot know its change; the one before it is known here.
            record[change] = record[Feature.bg.column] - self._last[Feature.bg.column]
        self._answer, self._states = self.network.step_forecast(record[None], self._states)
        self._last, self._origin, self._count = record, timestamp, self._count + 1
        if measured:
            self._measured_at = timestamp

    def _require_progress(self, records: PumpRecords) -> None:
        if self._pump_id not in (None, records.pump_id):
            raise DataError(
                f"pump {records.pump_id}: this forecaster carries the state of pump {self._pump_id}",
                todo="Load one streaming forecaster for each pump",
            )
        before = records.timestamps[:0] if self._last is None else np.array([self._origin])
        steps = np.diff(np.concatenate([before, records.timestamps]))
        wrong = np.flatnonzero((steps <= np.timedelta64(0, "s")) | (steps % RECORD_INTERVAL != np.timedelta64(0, "s")))
        if len(wrong):
            place = records.timestamps[wrong[0] + 1 - len(before)]
            raise DataError(
                f"pump {records.pump_id}: the record at {place} does not follow the one before it by a multiple of "
                f"{RECORD_MINUTES} minutes",
                todo="Feed records in the order of time, on one five-minute grid",
            )


def _forecast(pump_id: str, origin: np.datetime64, answer: ExportedForecast, facts: ExportFacts) -> Forecast:
    """The forecast of the only window in an answer."""
    return Forecast(
        pump_id=pump_id,
        origin=origin,
        times=_following(origin, facts.horizon),
        glucose=answer.prediction[0],
        levels=() if answer.quantiles is None else facts.quantile_levels,
        quantiles=None if answer.quantiles is None else answer.quantiles[0],
        disagreement=None if answer.disagreement is None else answer.disagreement[0],
    )


def _following(origin: np.datetime64, count: int) -> Timestamps:
    return origin + RECORD_INTERVAL * np.arange(1, count + 1)


def _not_measured(timestamp: np.datetime64) -> Values:
    """The record of a moment of which nothing is known but the time, [feature]."""
    unknown = np.array([np.nan])
    values: Values = records_from_signals("", np.array([timestamp]), unknown, unknown, unknown).values[0]
    return values


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
    _require_fresh(records.pump_id, age, max_age_minutes)


def _require_fresh(pump_id: str, age: float, max_age_minutes: float) -> None:
    if age > max_age_minutes:
        raise DataError(
            f"pump {pump_id}: the last glucose reading is {age:g} minutes old",
            todo=f"A forecast may start from a reading that is at most {max_age_minutes:g} minutes old",
        )
