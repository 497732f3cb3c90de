"""What a stream carries from record to record, and how the next records change it. Nothing here is changed in place."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import (
    CARRIED_BASAL_RECORDS,
    FEATURE_TABLE,
    LOWEST_MEDIAN,
    RECORD_INTERVAL,
    CarriedForward,
    Feature,
    Mask,
    PumpRecords,
    Values,
    records_from_signals,
)
from bloodtwin_core.records.changes import DELTA_TOLERANCE
from bloodtwin_core.records.clock import set_time_of_day
from bloodtwin_core.records.filling import fill_from_the_past
from bloodtwin_core.records.past import NOTHING_SEEN, WearerPast, past_after
from bloodtwin_core.serving.facts import ExportedForecast
from bloodtwin_core.serving.rules import learnt_times
from bloodtwin_core.serving.streaming_network import States, StreamingNetwork

_BG, _DELTA = Feature.bg.column, Feature.delta_bg.column
_NOT_MEASURED, _LOW = b"\0", b"\2"
Reading = Generator[tuple[Values, States], tuple[ExportedForecast, States], "Carried"]
"""Asks for what the network makes of one record [1, feature and past] and the states, and is sent it; ends in what is
carried. So one call of the network can answer many streams (stream_batch.py)."""


@dataclass(frozen=True)
class Carried:
    """What the records fed so far have left.

    states: of the network. pump_id: empty before the first record. last: the last record as the network saw it,
    [feature], None before the first reading; origin: its time; records: it alone. measured_at: when glucose was last
    measured. ages: records since each feature was told that is carried for a day, such as the basal rate. count:
    records the network has read. answer: its forecast. readings: one byte for each of the last lookback records,
    whether it was measured, and whether that was below LOWEST_MEDIAN.
    """

    states: States
    pump_id: str = ""
    last: Values | None = None
    records: PumpRecords | None = None
    origin: np.datetime64 = np.datetime64("NaT", "s")  # noqa: RUF009
    measured_at: np.datetime64 = np.datetime64("NaT", "s")  # noqa: RUF009
    ages: tuple[int, ...] = ()
    count: int = 0
    answer: ExportedForecast | None = None
    readings: bytes = b""
    past: WearerPast = NOTHING_SEEN

    @property
    def measured(self) -> int:
        """How many of the last lookback records were measured."""
        return len(self.readings) - self.readings.count(_NOT_MEASURED)

    @property
    def low(self) -> int:
        """How many of them are below LOWEST_MEDIAN."""
        return self.readings.count(_LOW)


def nothing_carried(network: StreamingNetwork, pump_id: str = "", past: WearerPast = NOTHING_SEEN) -> Carried:
    """What there is before the first record, or after a gap that ends a segment."""
    return Carried(states=network.zero_states(), pump_id=pump_id, past=past)


def after(carried: Carried, records: PumpRecords, network: StreamingNetwork) -> Carried:
    """What is carried after records that follow. Raises DataError if their clock is not the network's."""
    asking = reading(carried, records, network)
    try:
        asked = next(asking)
        while True:
            asked = asking.send(network.step_forecast(*asked))
    except StopIteration as end:
        carried = end.value
    return carried


def reading(carried: Carried, records: PumpRecords, network: StreamingNetwork) -> Reading:
    """The same, asking for the network's answers one by one."""
    if not len(records):
        return carried
    for anew, part in _segments(carried, records, network.facts.max_gap_hours):
        if anew:
            carried = nothing_carried(network, records.pump_id, carried.past)
        if carried.last is None:
            part = _from_first_reading(part)
        if len(part):
            carried = yield from _read(carried, part, network)
    return carried if carried.pump_id == records.pump_id else replace(carried, pump_id=records.pump_id)


def _segments(carried: Carried, records: PumpRecords, max_gap_hours: float) -> Iterator[tuple[bool, PumpRecords]]:
    """The records in parts, each with whether it begins anew: where glucose was measured too long ago to go on."""
    longest = np.timedelta64(round(max_gap_hours * 3600), "s")
    if len(records) == 1:  # as they come in life
        yield bool(records.timestamps[0] - carried.measured_at > longest), records
        return
    timestamps, places = records.timestamps, np.arange(len(records))
    last = np.maximum.accumulate(np.where(np.isfinite(records.feature(Feature.bg)), places, -1))
    before = np.concatenate([[-1], last[:-1]])
    since = timestamps - np.where(before >= 0, timestamps[before], carried.measured_at)
    # Where nothing was measured yet the time since is NaT, which is not longer than anything.
    anew: Mask = np.greater(since, longest)
    borders = np.flatnonzero(anew[1:]) + 1
    for start, stop in pairwise([0, *borders.tolist(), len(records)]):
        yield bool(anew[start]), records.rows(start, stop)


def _from_first_reading(part: PumpRecords) -> PumpRecords:
    measured = np.flatnonzero(np.isfinite(part.feature(Feature.bg)))
    return part.rows(int(measured[0]) if len(measured) else len(part), len(part))


def _read(carried: Carried, part: PumpRecords, network: StreamingNetwork) -> Reading:
    """What is carried after the network has read records that go on from it, record by record."""
    part = _on_grid(carried, part)
    told = learnt_times(part.pump_id, part.timestamps, part.wearer_zone, network.facts.clock)
    filled, ages = _filled(carried, part, network)
    set_time_of_day(filled, told)
    states, answer, past, seen = carried.states, carried.answer, carried.past, filled
    if network.facts.wearer_past:
        said, past = past_after(past, part.timestamps, filled)
        seen = np.concatenate([filled, said], axis=1)
    for row in range(len(seen)):
        answer, states = yield seen[row : row + 1], states
    glucose = part.values[:, _BG]
    # NaN, which was not measured, is neither.
    readings = ((glucose >= LOWEST_MEDIAN) + 2 * (glucose < LOWEST_MEDIAN)).astype(np.uint8)
    measured = readings.nonzero()[0]
    return Carried(
        states=states,
        pump_id=part.pump_id,
        last=filled[-1],
        records=part if len(part) == 1 else part.rows(len(part) - 1, len(part)),
        origin=part.timestamps[-1],
        measured_at=part.timestamps[measured[-1]] if len(measured) else carried.measured_at,
        ages=ages,
        count=carried.count + len(part),
        answer=answer,
        readings=(carried.readings + readings.tobytes())[-network.facts.lookback :],
        past=past,
    )


def _on_grid(carried: Carried, part: PumpRecords) -> PumpRecords:
    """A record every five minutes from the one after the last carried; those that did not come hold nothing."""
    first = part.timestamps[0] if carried.last is None else carried.origin + RECORD_INTERVAL
    if part.timestamps[-1] == (first if len(part) == 1 else first + RECORD_INTERVAL * (len(part) - 1)):
        return part
    place = ((part.timestamps - first) / RECORD_INTERVAL).astype(np.int64)
    count = int(place[-1]) + 1
    unknown = np.full(count, np.nan)
    times = first + RECORD_INTERVAL * np.arange(count)
    grid = records_from_signals(part.pump_id, times, unknown, unknown, unknown).with_features(part.features)
    grid.values[place] = part.values
    return replace(grid, wearer_zone=part.wearer_zone)


def _filled(carried: Carried, part: PumpRecords, network: StreamingNetwork) -> tuple[Values, tuple[int, ...]]:
    """The records as the network sees them but for the time [record, feature], and the ages of what is carried on."""
    features, usual = network.facts.features, network.facts.feature_centre
    columns = _carried_for_a_day(features)
    known = [np.isfinite(part.values[:, column]).nonzero()[0] for column in columns]
    before = carried.ages or (0,) * len(columns)
    ages = tuple(
        len(part) - 1 - int(told[-1]) if len(told) else age + len(part) for told, age in zip(known, before, strict=True)
    )
    if carried.last is None:
        return fill_from_the_past(part.values, usual, features), ages
    values = np.concatenate([carried.last[None], part.values])
    if carried.measured_at == carried.origin and not np.isnan(values[1, _BG]):
        _tell_change(values, part)
    filled = fill_from_the_past(values, usual, features)[1:]
    for column, told, age in zip(columns, known, before, strict=True):
        # The one before may itself have been carried here, so its age is counted.
        first_told = int(told[0]) if len(told) else len(part)
        filled[max(0, CARRIED_BASAL_RECORDS - age) : first_told, column] = np.nan
    return filled, ages


@cache
def _carried_for_a_day(features: tuple[str, ...]) -> tuple[int, ...]:
    """Columns of the features that keep their last known value for CARRIED_BASAL_RECORDS."""
    carried = [FEATURE_TABLE[name].carried_forward for name in features]
    return tuple(column for column, how in enumerate(carried) if how is CarriedForward.for_a_day)


def _tell_change(values: Values, part: PumpRecords) -> None:
    """Fill in the first new record's change, which it cannot know where it comes alone; refuse one that is wrong.

    values: the record carried, and those that follow on it every five minutes, [record, feature].
    """
    change, told = values[1, _BG] - values[0, _BG], values[1, _DELTA]
    if np.isnan(told):
        values[1, _DELTA] = change
    elif abs(told - change) > DELTA_TOLERANCE:
        raise DataError(
            f"pump {part.pump_id}: delta_bg at {part.timestamps[0]} is {told:g}, and glucose changed by {change:g}",
            todo="Give bg minus the bg five minutes before, or NaN to have it computed",
        )
