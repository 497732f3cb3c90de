"""Whether a forecast may start from records, by the rules and on the clock of the run that the export comes from."""

import warnings

import numpy as np

from bloodtwin_core.records import (
    LOWEST_MEDIAN,
    RECORD_MINUTES,
    UNKNOWN_ZONE,
    WALL_TIME,
    Clock,
    OriginRules,
    Timestamps,
    times_shown,
)
from bloodtwin_core.serving.reasons import ForecastRefused, Reason


def require_fresh(pump_id: str, age: float, rules: OriginRules) -> None:
    """Raise ForecastRefused if the last reading is older (minutes) than one that a forecast may start from."""
    oldest = rules.max_reading_age_minutes
    if age > oldest:
        told = f"the last glucose reading is {age:g} minutes old" if np.isfinite(age) else "there is no glucose reading"
        raise ForecastRefused(
            Reason.reading_old if np.isfinite(age) else Reason.no_reading,
            f"pump {pump_id}: {told}",
            todo=f"A forecast may start from a reading that is at most {oldest:g} minutes old",
        )


def require_measured(pump_id: str, measured: int, low: int, lookback: int, rules: OriginRules) -> None:
    """Raise ForecastRefused if too few of the lookback's records were measured, or what was measured cannot be mg/dL.

    low: how many of the measured readings are below LOWEST_MEDIAN.
    """
    if measured < rules.min_measured_share * lookback:
        raise ForecastRefused(
            Reason.too_much_missing,
            f"pump {pump_id}: {measured} of the last {lookback} readings were measured",
            todo=f"A forecast needs {100 * rules.min_measured_share:g} % of them, as it was tested with",
        )
    if 2 * low > measured:
        raise ForecastRefused(
            Reason.wrong_unit,
            f"pump {pump_id}: {low} of the last {measured} readings are below {LOWEST_MEDIAN:g}, which cannot be mg/dL",
            todo="Give glucose in mg/dL; from_glucose takes mmol/L with unit='mmol/L'",
        )


def require_lookback(pump_id: str, records: int, lookback: int, since: str = "") -> None:
    """Raise ForecastRefused if there are fewer records than a lookback."""
    if records < lookback:
        raise ForecastRefused(
            Reason.history_short,
            f"pump {pump_id}: a forecast needs {lookback} records{since}, there are {records}",
            todo=f"Give the last {lookback * RECORD_MINUTES} minutes, one record every {RECORD_MINUTES}",
        )


def learnt_times(pump_id: str, timestamps: Timestamps, zone: str, clock: Clock | None) -> Timestamps:
    """The times [record] whose time of day the network is to be told, on the clock that it learnt from.

    zone: PumpRecords.wearer_zone. A file that is too old to say its clock is told the timestamps as they are, as it
    always was, with a warning where they are UTC. Raises ForecastRefused if the records cannot tell the time that was
    learnt.
    """
    if clock is None and zone != WALL_TIME:
        what = f"pump {pump_id}: the records are in UTC, and the model's file does not say which clock it learnt from"
        todo = "Load it with clock=Clock.local if it learnt from local wall times, with clock=Clock.utc if from UTC"
        if zone != UNKNOWN_ZONE:
            raise ForecastRefused(Reason.zone_unknown, what, todo=todo)
        warnings.warn(f"{what}. {todo}", stacklevel=4)
    if clock is Clock.local and zone == UNKNOWN_ZONE:
        raise ForecastRefused(
            Reason.zone_unknown,
            f"pump {pump_id}: the model learnt from the wearer's local time, but the records tell no zone",
            todo="Say where the wearer lives: zone='Europe/Berlin', or a line # wearer_zone: Europe/Berlin in the file",
        )
    if clock is Clock.utc:
        if zone == WALL_TIME:
            raise ForecastRefused(
                Reason.zone_unknown,
                f"pump {pump_id}: the model learnt from UTC, and the timestamps are the wearer's wall time",
                todo="Give times in UTC: from_glucose takes until with Z or an offset, such as 2026-01-31T12:00+01:00",
            )
        return timestamps
    return times_shown(timestamps, zone)
