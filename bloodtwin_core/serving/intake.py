"""What a forecaster takes: records that make sense by the rules to which the graph's checks hold split files.

Nothing is believed that can be checked or computed. Every feature must lie within its limits of FEATURE_TABLE. Glucose
and its flags must agree, so that a flag is never NaN; whatever else was not measured may be. A change must be the
difference of its readings, and sine and cosine of the time of day are not looked at.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import FEATURE_TABLE, GLUCOSE_LIMITS, Feature, Mask, PumpRecords, Timestamps, Values
from bloodtwin_core.records.changes import DELTA_TOLERANCE, differences, with_changes

EARLIEST, LATEST = np.datetime64("1900-01-01T00:00:00", "s"), np.datetime64("2200-01-01T00:00:00", "s")
"""Between these lies every time of a record, also where a data set moved its dates for nobody to be known by them."""
_SECONDS = np.dtype("datetime64[s]")
_COMPUTED = frozenset({Feature.sin_time, Feature.cos_time})
_WIDEST_CHANGE = GLUCOSE_LIMITS.high - GLUCOSE_LIMITS.low
_BG, _DELTA = Feature.bg.column, Feature.delta_bg.column
_CLIPPED, _MISSING = Feature.bg_clip_flag.column, Feature.bg_missing_flag.column


@cache
def _ranges(features: tuple[str, ...]) -> tuple[tuple[float, float], ...]:
    """Lowest and highest that each feature may be."""
    return tuple(_limits(name) for name in features)


@cache
def _bounds(features: tuple[str, ...]) -> Values:
    """The same as arrays of lowest and of highest, [2, feature]."""
    return np.array(_ranges(features), dtype=np.float32).T


def _limits(name: str) -> tuple[float, float]:
    if name in _COMPUTED:
        return -np.inf, np.inf
    limits = FEATURE_TABLE[name].limits
    return (-_WIDEST_CHANGE, _WIDEST_CHANGE) if limits is None else (limits.low, limits.high)


def taken(records: PumpRecords, zone: str = "") -> PumpRecords:
    """The records as a forecaster may use them, their changes computed if none is told.

    zone: where the wearer lives, if the records do not say it.
    Raises DataError, with pump, time, feature and remedy, for the first record that makes no sense, SettingsError for
    a zone that does not exist or does not fit.
    """
    records = _typed(records.in_zone(zone) if zone else records)
    sound = _one_is_sound(records) if len(records) == 1 else _all_are_sound(records)
    if not sound:
        raise next(_faults(records))
    changed = with_changes(records.values, records.timestamps)
    return records if changed is records.values else replace(records, values=changed)


def _typed(records: PumpRecords) -> PumpRecords:
    """The records in the types that they promise. Raises DataError if they cannot be."""
    timestamps, values = records.timestamps, records.values
    if timestamps.dtype.kind != "M":
        what = f"pump {records.pump_id}: the timestamps are {timestamps.dtype}, not datetime64[s]"
        raise DataError(what, todo="Give times in UTC as datetime64[s]")
    if values.dtype.kind not in "fiu":
        what = f"pump {records.pump_id}: the values are {values.dtype}, not float32"
        raise DataError(what, todo="Give numbers, NaN where nothing is known")
    if values.dtype == np.float32 and timestamps.dtype == _SECONDS:
        return records
    with np.errstate(over="ignore"):  # What becomes infinite is refused as such.
        return replace(records, timestamps=timestamps.astype("datetime64[s]"), values=values.astype(np.float32))


def _all_are_sound(records: PumpRecords) -> bool:
    """Whether nothing is wrong, in as few steps as it takes; _faults says what is."""
    values = records.values
    low, high = _bounds(records.features)
    if ((values < low) | (values > high)).any() or _untimed(records.timestamps).any():
        return False
    glucose, delta, clipped = values[:, _BG], values[:, _DELTA], values[:, _CLIPPED]
    unknown = np.isnan(glucose)
    if (values[:, _MISSING] != unknown).any() or (unknown.any() and (unknown & (np.abs(delta) > 0)).any()):
        return False
    told = clipped != 0
    if told.any() and (told & ~((clipped == 1) & _at_limit(records))).any():
        return False
    changes = glucose[1:] - glucose[:-1]
    may_be_wrong = np.abs(delta[1:] - changes) > DELTA_TOLERANCE  # It is not where five minutes are missing between.
    return not (may_be_wrong.any() and _wrong_change(records).any())


def _one_is_sound(records: PumpRecords) -> bool:
    """The same of one record alone, as a stream is fed: plain numbers are several times as fast as arrays of one."""
    row = records.values[0].tolist()
    glucose, clipped = row[_BG], row[_CLIPPED]
    unknown = glucose != glucose
    return (
        not any(value < low or value > high for value, (low, high) in zip(row, _ranges(records.features), strict=True))
        and row[_MISSING] == unknown
        and (clipped == 0 or (clipped == 1 and glucose in (GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)))
        and not (unknown and abs(row[_DELTA]) > 0)
        and not _untimed(records.timestamps)[0]
    )


def _untimed(timestamps: Timestamps) -> Mask:
    """Which records [record] have no time, or one that no sensor measured at."""
    untimed: Mask = ~((timestamps >= EARLIEST) & (timestamps < LATEST))
    return untimed


def _at_limit(records: PumpRecords) -> Mask:
    glucose = records.values[:, _BG]
    at_limit: Mask = (glucose == GLUCOSE_LIMITS.low) | (glucose == GLUCOSE_LIMITS.high)
    return at_limit


def _wrong_change(records: PumpRecords) -> Mask:
    with np.errstate(invalid="ignore"):  # The difference of two infinities is told as what they are.
        difference = differences(records.values[:, _BG], records.timestamps)
    wrong: Mask = np.abs(records.values[:, _DELTA] - difference) > DELTA_TOLERANCE
    return wrong


def _faults(records: PumpRecords) -> Iterator[DataError]:
    """What is wrong, the telling faults first."""
    values = records.values
    if _untimed(records.timestamps).any():
        row = int(_untimed(records.timestamps).argmax())
        time = records.timestamps[row]
        what = "no time" if np.isnat(time) else f"the time {time}, at which nobody wore a sensor"
        yield DataError(f"pump {records.pump_id}: record {row} has {what}", todo="Give every record a time in UTC")
    for place, (feature, (low, high)) in enumerate(zip(records.features, _ranges(records.features), strict=True)):
        column = values[:, place]
        todo = f"It must be {low:g} to {high:g}{_of_glucose(feature)}"
        yield from _fault(records, feature, (column < low) | (column > high), "which is impossible", todo)
    for flag in (Feature.bg_missing_flag, Feature.bg_clip_flag):
        column = values[:, flag.column]
        yield from _fault(records, flag, (column != 0) & (column != 1), "not 0 or 1", "Write 0 or 1")
    yield from _fault(
        records,
        Feature.bg_missing_flag,
        values[:, _MISSING] != np.isnan(values[:, _BG]),
        "but bg says otherwise",
        "Give 1 where bg is NaN and 0 where it is not; a glucose that was not measured is NaN",
    )
    clipped = values[:, _CLIPPED] == 1
    todo = f"Give 1 only where bg was clipped to {GLUCOSE_LIMITS.low:g} or {GLUCOSE_LIMITS.high:g} mg/dL"
    yield from _fault(records, Feature.bg_clip_flag, clipped & ~_at_limit(records), "but bg is not at a limit", todo)
    invented = np.isnan(values[:, _BG]) & (np.abs(values[:, _DELTA]) > 0)
    todo = "Give bg minus the bg five minutes before, NaN where one of them was not measured"
    yield from _fault(records, Feature.delta_bg, invented, "but bg was not measured", todo)
    yield from _fault(records, Feature.delta_bg, _wrong_change(records), "not the difference of bg", todo)


def _of_glucose(feature: str) -> str:
    return " mg/dL; 10 mmol/L are 180 mg/dL. from_glucose takes either unit" if feature == Feature.bg else ""


def _fault(records: PumpRecords, feature: str, wrong: Mask, what: str, todo: str) -> Iterator[DataError]:
    if wrong.any():
        row = int(wrong.argmax())
        value = records.feature(feature)[row]
        place = f"pump {records.pump_id}: {feature} at {records.timestamps[row]} is {value:g}"
        yield DataError(f"{place}, {what}", todo=todo)
