"""Forecasts with carried state, one record after the other."""

import threading
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import RECORD_INTERVAL, RECORD_MINUTES, WALL_TIME, Clock, PumpRecords
from bloodtwin_core.serving.carried import Carried, after, nothing_carried
from bloodtwin_core.serving.facts import ExportFacts, with_clock
from bloodtwin_core.serving.forecast import Forecast, forecast_of
from bloodtwin_core.serving.intake import taken
from bloodtwin_core.serving.kept_stream import keep_carried, kept_carried
from bloodtwin_core.serving.onnx_files import load_streaming
from bloodtwin_core.serving.rules import require_fresh, require_measured
from bloodtwin_core.serving.streaming_network import StreamingNetwork


class StreamingForecaster:
    """A streaming export and the state that the records fed so far have left; one forecaster for one pump.

    After exactly a lookback of records it forecasts what model.onnx does. After more it has seen more than model.onnx
    would: the base model's attention then rests on states that began earlier, which moves a forecast by 0.3 mg/dL in
    the median and by 9 at most, and its MAE not at all (13.98 mg/dL both ways on AZT1D's validation windows); without
    attention the difference is 3e-5 mg/dL.

    Threads may share it: one feeds while the others wait, and records that do not follow are refused.
    """

    def __init__(self, network: StreamingNetwork) -> None:
        self.network, self.facts = network, network.facts
        self._carried: Carried = nothing_carried(network)
        self._turn = threading.Lock()

    @classmethod
    def load(cls, path: Path, threads: int = 1, clock: Clock | None = None) -> "StreamingForecaster":
        """Load model_streaming.onnx; clock as in Forecaster.load, which says what is raised too."""
        network, facts = load_streaming(path, threads)
        return cls(StreamingNetwork(network.session, with_clock(facts, clock)))

    def feed(self, records: PumpRecords, zone: str = "") -> None:
        """Take one or many records that follow those fed before; what lies between is carried forward and flagged.

        Whatever precedes the first measured glucose is passed over, as it is in training. After a gap in glucose that
        ends a segment (data.max_gap_hours) the forecaster begins anew. A record that comes alone and does not tell its
        change has it computed. zone says where the wearer lives, if the records do not.
        Raises DataError if records are another pump's or on another clock, make no sense, go back in time, leave the
        five-minute grid or cannot tell the time of day that the model learnt from. Whatever is raised, nothing was
        taken.
        """
        records = taken(records.with_features(self.facts.features), zone)
        with self._turn:
            require_progress(records, self._carried)
            self._carried = after(self._carried, records, self.network)

    def save(self, path: Path) -> None:
        """Write what was carried to a file, whole or not at all. Raises StorageError where it cannot be written."""
        keep_carried(self._carried, self.network, path)

    def restore(self, path: Path) -> None:
        """Go on from what save wrote: the records that follow it are fed next.

        Raises DataError for a file that is not there, is damaged, or was written with another model; then nothing
        changes. Feeding the last day of records does as well.
        """
        carried = kept_carried(path, self.network)
        with self._turn:
            self._carried = carried

    def forecast(self) -> Forecast:
        """What follows the last record fed.

        Raises DataError if less than a lookback of records has been fed, the last reading is too old, or too few of the
        lookback's were measured.
        """
        return forecast_from(self._carried, self.facts)


def forecast_from(carried: Carried, facts: ExportFacts) -> Forecast:
    """What follows the last record carried. Raises what StreamingForecaster.forecast does."""
    lookback = facts.lookback
    if carried.records is None or carried.answer is None or carried.count < lookback:
        raise DataError(
            f"pump {carried.pump_id or 'not known yet'}: a forecast needs {lookback} records since glucose was "
            f"first measured, {carried.count} have been fed",
            todo=f"Feed the last {lookback * RECORD_MINUTES} minutes first",
        )
    age = (carried.origin - carried.measured_at) / np.timedelta64(1, "m")
    require_fresh(carried.pump_id, age, facts)
    require_measured(carried.pump_id, carried.measured, carried.low, lookback, facts)
    return forecast_of(carried.records, carried.answer, facts)


def require_progress(records: PumpRecords, carried: Carried) -> None:
    """Raise DataError for records that do not follow what is carried."""
    if carried.pump_id not in ("", records.pump_id):
        raise DataError(
            f"pump {records.pump_id}: this forecaster carries the state of pump {carried.pump_id}",
            todo="Load one streaming forecaster for each pump",
        )
    if carried.records is not None and _is_wall_time(carried.records) != _is_wall_time(records):
        raise DataError(
            f"pump {records.pump_id}: timestamps in UTC and on the wearer's clock do not go on from each other",
            todo="Give all of them in UTC, with the wearer's zone",
        )
    if len(records) == 1 and records.timestamps[0] == carried.origin + RECORD_INTERVAL:
        return
    before = records.timestamps[:0] if carried.last is None else np.array([carried.origin])
    steps = np.diff(np.concatenate([before, records.timestamps]))
    wrong = np.flatnonzero((steps <= np.timedelta64(0, "s")) | (steps % RECORD_INTERVAL != np.timedelta64(0, "s")))
    if len(wrong):
        place = records.timestamps[wrong[0] + 1 - len(before)]
        raise DataError(
            f"pump {records.pump_id}: the record at {place} does not follow the one before it by a multiple of "
            f"{RECORD_MINUTES} minutes",
            todo="Feed records in the order of time, on one five-minute grid",
        )


def _is_wall_time(records: PumpRecords) -> bool:
    return records.wearer_zone == WALL_TIME
