"""Many streams at once: one call of the network takes the next record of each.

A network's weights are then read once for all of them, which takes about half the time of one after the other; a
forecast is the same to the last bit (tests/core/serving/test_stream_batches.py).
"""

from collections.abc import Sequence

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import RECORD_MINUTES, PumpRecords
from bloodtwin_core.serving.carried import Carried, Reading, nothing_carried, reading
from bloodtwin_core.serving.facts import ExportedForecast
from bloodtwin_core.serving.forecast import Forecast
from bloodtwin_core.serving.intake import taken
from bloodtwin_core.serving.streaming import forecast_from, require_progress
from bloodtwin_core.serving.streaming_network import States, StreamingNetwork


class StreamBatch:
    """What StreamingForecaster is for one pump, for many that each take a record every five minutes."""

    def __init__(self, network: StreamingNetwork, streams: int) -> None:
        self.network = network
        self._states = network.zero_states(streams)
        self._carried = [nothing_carried(network)] * streams
        # Carried in place of a stream's own states where these stand in their row of the batch's.
        self._in_batch: States = {}

    def feed(self, records: Sequence[PumpRecords]) -> None:
        """The next record of each stream, in their order.

        Raises DataError as StreamingForecaster.feed does, and for anything but one record that follows after five
        minutes; whatever is raised, nothing was taken.
        """
        facts = self.network.facts
        rows = np.zeros((len(self._carried), len(facts.features) + len(facts.wearer_past)), np.float32)
        after, asking = list(self._carried), dict[int, Reading]()
        begun = list[tuple[int, States]]()
        for place, (carried, one) in enumerate(zip(self._carried, records, strict=True)):
            record = taken(one.with_features(facts.features))
            _require_next(record, carried)
            stream = reading(carried, record, self.network)
            try:
                rows[place], states = next(stream)
            except StopIteration as end:  # Nothing was measured yet.
                after[place] = end.value
                continue
            asking[place] = stream
            if states is not self._in_batch:
                begun.append((place, states))
        for place, states in begun:
            for name, state in states.items():
                self._states[name][:, place] = state[:, 0]
        if asking:
            answer, self._states = self.network.step_forecast(rows, self._states)
            for place, stream in asking.items():
                after[place] = _ended(stream, _row(answer, place), self._in_batch)
        self._carried = after

    def forecast(self, stream: int) -> Forecast:
        """What follows the last record of a stream. Raises DataError as StreamingForecaster.forecast does."""
        return forecast_from(self._carried[stream], self.network.facts)


def _require_next(record: PumpRecords, carried: Carried) -> None:
    require_progress(record, carried)
    follows = carried.last is None or record.timestamps[0] - carried.origin == np.timedelta64(RECORD_MINUTES, "m")
    if len(record) != 1 or not follows:
        raise DataError(
            f"pump {record.pump_id}: {len(record)} records from {record.timestamps[:1]} are not the one of "
            f"{RECORD_MINUTES} minutes after {carried.origin}",
            todo="Feed one record for each stream and time, NaN where nothing was measured",
        )


def _ended(stream: Reading, answer: ExportedForecast, states: States) -> Carried:
    """What a stream carries once it was told the answer to its only record."""
    try:
        stream.send((answer, states))
    except StopIteration as end:
        carried: Carried = end.value
        return carried
    raise AssertionError("one record asks the network once")


def _row(answer: ExportedForecast, place: int) -> ExportedForecast:
    """One stream's part of an answer, batch of one."""
    row = slice(place, place + 1)
    return ExportedForecast(
        answer.prediction[row],
        None if answer.quantiles is None else answer.quantiles[row],
        None if answer.disagreement is None else answer.disagreement[row],
    )
