"""Which times and amounts an event can have; what is impossible is never quietly made into a record."""

from dataclasses import replace

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.kinds import Floats, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import FEATURE_TABLE, Limits, Mask, Timestamps

EARLIEST = np.datetime64("2020-01-01T00:00:00", "s")
"""Events of an earlier year come from a clock that was never set; a Tandem pump's begins in 2008."""
POSSIBLE_GLUCOSE = Limits(1.0, 1000.0, "mg/dL")
"""Outside of it a number is no glucose; inside, but outside of GLUCOSE_LIMITS, it is clipped and flagged."""
POSSIBLE_BASAL = Limits(0.0, 35.0, "U/h")
"""The highest rate that can be set on any common pump (Medtronic MiniMed); more is another unit."""
POSSIBLE_BOLUS = Limits(0.0, 100.0, "U")
"""Well above the largest bolus of any pump, 25 to 30 U, some of which log parts together; more is another unit."""
POSSIBLE_MINUTES = Limits(0.0, 24 * 60.0, "min")
"""Common pumps extend a bolus over 8 h at most."""


def outside(values: Floats, limits: Limits) -> Mask:
    """Where values [event] are impossible; NaN, which is unknown, is not."""
    beyond: Mask = (values < limits.low) | (values > limits.high)
    return beyond


def impossible_times(times: Timestamps, now: np.datetime64 | None = None) -> Mask:
    """Where times [event] are before EARLIEST or after now, by default this computer's clock."""
    latest = np.datetime64("now", "s") if now is None else now
    beyond: Mask = (times < EARLIEST) | (times > latest)
    return beyond


def with_possible_times(events: PumpEvents, now: np.datetime64 | None = None) -> PumpEvents:
    """The events without those of an impossible time, which are counted."""
    glucose, basal, bolus = (impossible_times(kind.times, now) for kind in (events.glucose, events.basal, events.bolus))
    extra = {name: kind.chosen(~impossible_times(kind.times, now)) for name, kind in events.extra.items()}
    kept = replace(
        events,
        glucose=events.glucose.chosen(~glucose),
        basal=events.basal.chosen(~basal),
        bolus=events.bolus.chosen(~bolus),
        extra=extra,
    )
    refused = len(events) - len(kept)
    return replace(kept, repairs=events.repairs + Repairs.of(RepairKind.times_refused, refused)) if refused else events


def refuse_impossible(events: PumpEvents) -> None:
    """Raise DataError, with pump and time, for an amount that cannot be one of its unit."""
    for name, values, times, limits in (
        ("glucose", events.glucose.glucose, events.glucose.times, POSSIBLE_GLUCOSE),
        ("basal rate", events.basal.rate, events.basal.times, POSSIBLE_BASAL),
        ("bolus", events.bolus.dose, events.bolus.times, POSSIBLE_BOLUS),
        ("bolus duration", events.bolus.minutes, events.bolus.times, POSSIBLE_MINUTES),
        *((name, kind.amount, kind.times, FEATURE_TABLE[name].limits) for name, kind in events.extra.items()),
    ):
        if limits is None:
            continue
        wrong = outside(values, limits)
        if wrong.any():
            first = int(np.argmax(wrong))
            what = f"pump {events.pump_id}: the {name} at {times[first]}Z is {values[first]:g}"
            todo = f"Check the unit: it must be {limits.low:g} to {limits.high:g} {limits.unit}"
            raise DataError(what, todo=todo)
