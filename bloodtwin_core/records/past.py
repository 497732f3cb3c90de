"""What a wearer's own past says of them, record by record, from nothing that came later: the columns of PAST_TABLE.

Means are over the records whose glucose was measured, and count one less by e for so many days of age. What is usual at
a clock hour is the mean over the same hour of the days before, a day counting less by e after PROFILE_DAYS, shrunk
towards the mean of 14 days. All is unknown until KNOWN_AFTER_DAYS of readings have been seen, insulin a day until so
many of it have. Hours are those of the records' own timestamps: in UTC they lie as many hours off for a wearer as
their zone does, which says as much.

One computation serves whole histories and one record at a time: what it carries on is a WearerPast of 560 bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records.arrays import Rows, Timestamps, Values
from bloodtwin_core.records.cadence import RECORD_INTERVAL, RECORDS_PER_DAY, RECORDS_PER_HOUR
from bloodtwin_core.records.features import PAST_FEATURES, Feature
from bloodtwin_core.records.glucose_ranges import TARGET_RANGE

HOURS = 24
MEAN_DAYS = (1.0, 3.0, 7.0, 14.0)
LONG_DAYS = MEAN_DAYS[-1]
"""Of deviation and shares, too."""
DOSE_DAYS = 7.0
PROFILE_DAYS = 7.0
SHRINKING_DAYS = 1.0
"""Days of the mean of 14 days that count beside those of the hour itself."""
KNOWN_AFTER_DAYS = 7.0
PAST_REACH_DAYS = 56
"""Days before a moment of which the past tells: what is older counts for 2 % of the longest mean."""

_RATES = np.array([*np.repeat(MEAN_DAYS, 2), *[LONG_DAYS] * 3, *[DOSE_DAYS] * 4]) ** -1.0 / RECORDS_PER_DAY
"""How fast each running sum falls a record, [sum]: readings and their number by MEAN_DAYS, their squares, those that
are low and high, basal and bolus each with their number."""
_PER_DAY = float(np.exp(-1.0 / PROFILE_DAYS))
_ENOUGH = KNOWN_AFTER_DAYS * RECORDS_PER_DAY
_NEVER = -1
_EPOCH = np.datetime64(0, "s")


def _zeros(*shape: int) -> Floats:
    return np.zeros(shape)


@dataclass(frozen=True)
class WearerPast:
    """What the records so far have left; at the start nothing.

    slot: five minutes since 1970 of the last record. seen: readings, basal rates and boluses known so far, [3]. sums:
    the running sums, [sum]. profile: sums of hourly means and the days in them, [2, clock hour], of the days before
    the last record's hour. hour: sum and number of the readings in that hour, [2].
    """

    slot: int = _NEVER
    seen: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, dtype=np.int64))
    sums: Floats = field(default_factory=lambda: _zeros(len(_RATES)))
    profile: Floats = field(default_factory=lambda: _zeros(2, HOURS))
    hour: Floats = field(default_factory=lambda: _zeros(2))

    def numbers(self) -> Floats:
        """All of it as one array, for a file."""
        return np.concatenate([[self.slot], self.seen, self.sums, self.profile.ravel(), self.hour])

    @classmethod
    def of_numbers(cls, numbers: Floats) -> "WearerPast":
        """What numbers gave. Raises ValueError if they are too few or too many."""
        ends = np.cumsum([1, 3, len(_RATES), 2 * HOURS, 2])
        if numbers.shape != (ends[-1],):
            raise ValueError(f"a wearer's past has {ends[-1]} numbers, not {numbers.shape}")
        slot, seen, sums, profile, hour = np.split(np.asarray(numbers, dtype=np.float64), ends[:-1])
        return cls(int(slot[0]), seen.astype(np.int64), sums, profile.reshape(2, HOURS), hour)


NOTHING_SEEN = WearerPast()
"""Of somebody new."""


def slots_of(timestamps: Timestamps) -> Rows:
    """Five minutes since 1970, of each time."""
    slots: Rows = ((timestamps - _EPOCH) // RECORD_INTERVAL).astype(np.int64)
    return slots


def past_after(before: WearerPast, timestamps: Timestamps, values: Values) -> tuple[Values, WearerPast]:
    """What the past says at each record, float32 [record, feature of it], itself counted in, and what is carried on.

    values: records as a network sees them, [record, feature], the contract's eight first; they follow those that went
    into before. Takes time in proportion to the records, and to the days without any between them. Raises DataError
    if a record lies in the same five minutes as the one before it, or earlier.
    """
    if not len(timestamps):
        return np.empty((0, len(PAST_FEATURES)), dtype=np.float32), before
    slots = slots_of(timestamps)
    _require_order(before, slots, timestamps)
    measured = values[:, Feature.bg_missing_flag.column] == 0
    glucose = np.where(measured, values[:, Feature.bg.column].astype(np.float64), np.nan)
    doses = values[:, [Feature.basal_rate.column, Feature.bolus_dose.column]].astype(np.float64)
    # Insulin counts where glucose was measured: of a gap nobody knows, while it lasts, whether it ends a segment.
    known = measured[:, None] & np.column_stack([measured, np.isfinite(doses)])
    seen = before.seen + np.cumsum(known, axis=0)
    sums = _running_sums(before, slots, _added(glucose, doses, known))
    usual, profile, hour = _usual(before, slots, glucose)
    told = _told(sums, usual, seen >= _ENOUGH)
    return told.astype(np.float32), WearerPast(int(slots[-1]), seen[-1], sums[-1], profile, hour)


def _require_order(before: WearerPast, slots: Rows, timestamps: Timestamps) -> None:
    earlier = slots[:1] - 1 if before.slot == _NEVER else before.slot
    backward = np.flatnonzero(np.diff(slots, prepend=earlier) <= 0)
    if len(backward):
        raise DataError(
            f"the record at {timestamps[backward[0]]} lies in the same five minutes as one before it, or earlier, so "
            "the wearer's past would hold what came later",
            todo="Give records in the order of time, one for each five minutes",
        )


def _added(glucose: Floats, doses: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """What each record adds to the running sums, [record, sum]."""
    low, high = TARGET_RANGE
    reading, is_known = np.nan_to_num(glucose), known.astype(np.float64)
    dose = np.where(known[:, 1:], doses, 0.0)
    return np.column_stack(
        [
            *[reading, is_known[:, 0]] * len(MEAN_DAYS),
            reading**2,
            known[:, 0] & (reading < low),
            reading > high,
            *(dose[:, 0], is_known[:, 1], dose[:, 1], is_known[:, 2]),
        ]
    )


def _running_sums(before: WearerPast, slots: Rows, added: Floats) -> Floats:
    """The sums after each record, [record, sum]: s = s' * exp(-rate * records since) + what it adds."""
    sums = np.empty_like(added)
    carried, last = before.sums, before.slot
    for start, stop in _runs(slots):
        since = max(int(slots[start]) - last, 0) if last != _NEVER else 0
        ages = np.arange(stop - start)[:, None] * _RATES
        grown = np.exp(ages)
        sums[start:stop] = (carried * np.exp(-since * _RATES) + np.cumsum(added[start:stop] * grown, axis=0)) / grown
        carried, last = sums[stop - 1], int(slots[stop - 1])
    return sums


def _runs(slots: Rows) -> Iterator[tuple[int, int]]:
    """The records in runs that follow each other every five minutes, at most a day long: exp grows by e in one."""
    breaks = np.flatnonzero(np.diff(slots) != 1) + 1
    for first, end in pairwise([0, *breaks.tolist(), len(slots)]):
        for start in range(first, end, RECORDS_PER_DAY):
            yield start, min(start + RECORDS_PER_DAY, end)


def _usual(before: WearerPast, slots: Rows, glucose: Floats) -> tuple[Floats, Floats, Floats]:
    """Sums and days of the hour of each record and of the one after it, [ahead, 2, record]; profile and hour after.

    An hour's mean goes into the profile when the hour is over, so that an hour says nothing of itself.
    """
    hours = slots // RECORDS_PER_HOUR
    now = before.slot // RECORDS_PER_HOUR if before.slot != _NEVER else int(hours[0])
    first_day, last_day = now // HOURS, int(hours[-1]) // HOURS
    count = (last_day - first_day + 1) * HOURS
    places = hours - first_day * HOURS
    known = np.isfinite(glucose)
    of_hours = np.zeros((2, count))
    np.add.at(of_hours[0], places[known], glucose[known])
    np.add.at(of_hours[1], places[known], 1.0)
    of_hours[:, now - first_day * HOURS] += before.hour
    readings = of_hours[1]
    means = np.divide(of_hours[0], readings, out=np.zeros(count), where=readings > 0)
    by_day = np.stack([means, readings > 0]).reshape(2, -1, HOURS)
    profiles = np.empty((2, by_day.shape[1] + 1, HOURS))
    profiles[:, 0] = before.profile
    over = np.arange(HOURS) >= now % HOURS  # The hours before it went in already.
    for day in range(by_day.shape[1]):
        profiles[:, day + 1] = np.where(over, _PER_DAY * profiles[:, day] + by_day[:, day], profiles[:, day])
        over = np.ones(HOURS, dtype=np.bool_)
    usual = np.stack([profiles[:, place // HOURS, place % HOURS] for place in (places, places + 1)])
    went_in = np.arange(HOURS) < hours[-1] % HOURS
    profile = np.where(went_in, profiles[:, -1], profiles[:, -2])
    return usual, profile, of_hours[:, places[-1]]


def _told(sums: Floats, usual: Floats, enough: npt.NDArray[np.bool_]) -> Floats:
    """The features of the past, [record, feature], from running sums and whether enough of each signal was seen."""
    known, known_basal, known_bolus = enough.T

    def mean(total: int, number: int, which: npt.NDArray[np.bool_]) -> Floats:
        there = which & (sums[:, number] > 0.0)
        means: Floats = np.divide(sums[:, total], sums[:, number], out=np.full(len(sums), np.nan), where=there)
        return means

    by_days = [mean(2 * place, 2 * place + 1, known) for place in range(len(MEAN_DAYS))]
    number = 2 * len(MEAN_DAYS) - 1
    squares, low, high = (mean(number + place, number, known) for place in (1, 2, 3))
    basal = mean(number + 4, number + 5, known & known_basal)
    bolus = mean(number + 6, number + 7, known & known_bolus)
    hourly = [(total + SHRINKING_DAYS * by_days[-1]) / (days + SHRINKING_DAYS) for total, days in usual]
    deviation = np.sqrt(np.maximum(squares - by_days[-1] ** 2, 0.0))
    return np.column_stack([*by_days, *hourly, deviation, low, high, basal * HOURS, bolus * RECORDS_PER_DAY, known])
