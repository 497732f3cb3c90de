"""What a CareLink export itself says was delivered, day by day, beside what its log was read as.

Boluses and automatic deliveries are added up as they stand in the rows, whatever was made of them. A day's total of
automatic insulin (CLOSED_LOOP_AUTO_INSULIN: automatic basal and automatic corrections) with the boluses asked for is
all that was delivered, where the pump was in automatic mode all day.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.events.stated_totals import TotalOf
from bloodtwin_core.records import Mask, Timestamps
from bloodtwin_core.sources.device_exports.automatic import LONGEST_PAUSE
from bloodtwin_core.sources.device_exports.bolus_pairs import DELIVERED, DURATION, UNITS_A_MINUTE, minutes_of
from bloodtwin_core.sources.device_exports.bolus_sources import BolusSource, bolus_sources
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.device_exports.local import LocalBasal, LocalBolus, LocalTotals

_DAY = np.timedelta64(24 * 3600, "s")


@dataclass(frozen=True)
class PumpLog:
    """A stretch of a pump's log: its rows at local times [row], oldest first, and what they were read as.

    exits: when the pump logged that it left automatic mode, sorted.
    """

    cells: Cells
    times: Timestamps
    basal: LocalBasal
    bolus: LocalBolus
    exits: Timestamps


def midnights(times: Timestamps) -> Timestamps:
    """The local midnight before each time."""
    return times.astype("datetime64[D]").astype("datetime64[s]")


def stated_totals(logs: Sequence[PumpLog], automatic: LocalBolus) -> tuple[LocalTotals, ...]:
    """The totals of whole days. automatic: the total of automatic insulin of each day, at its midnight."""
    stated: list[LocalTotals] = []
    for log in (log for log in logs if len(log.basal.times) or len(log.bolus.times)):
        days, sources = _whole_days(log.times), bolus_sources(log.cells)
        boluses = np.isin(sources, [BolusSource.bolus, BolusSource.automatic_correction])
        stated.append(LocalTotals(days, _boluses_on(days, log, boluses), TotalOf.bolus))
        by_delivery = sources == BolusSource.automatic_basal
        one_by_one = _automatic_days(days, log)
        stated.append(LocalTotals(one_by_one, _units_on(one_by_one, log, by_delivery), TotalOf.basal))
        only_total = np.setdiff1d(days, midnights(log.times[by_delivery]))
        days = np.intersect1d(np.union1d(one_by_one, only_total), automatic.times)
        by_itself = np.array([automatic.dose[automatic.times == day].max() for day in days], dtype=np.float64)
        by_hand = _boluses_on(days, log, sources == BolusSource.bolus)
        stated.append(LocalTotals(days, by_itself + by_hand, TotalOf.all_insulin))
    return tuple(totals for totals in stated if len(totals.days))


def _whole_days(times: Timestamps) -> Timestamps:
    """The midnights of the days that lie wholly within the times."""
    first, last = midnights(times[:1])[0], midnights(times[-1:])[0]
    days: Timestamps = np.arange(first + _DAY, last, _DAY)
    return days


def _automatic_days(days: Timestamps, log: PumpLog) -> Timestamps:
    """Those of the days that began in automatic mode, without an exit until their end, and that ended in it."""
    given = log.times[bolus_sources(log.cells) == BolusSource.automatic_basal]
    if not len(given):
        return days[:0]
    last_given, last_exit = (_last_before(times, days) for times in (given, log.exits))
    begun = ~np.isnat(last_given) & ~(last_exit > last_given)
    stayed = np.searchsorted(log.exits, days) == np.searchsorted(log.exits, days + _DAY)
    ended = _last_before(given, days + _DAY) >= days + _DAY - LONGEST_PAUSE
    automatic: Timestamps = days[begun & stayed & ended]
    return automatic


def _last_before(times: Timestamps, moments: Timestamps) -> Timestamps:
    """The last of the times before each moment, NaT where there is none."""
    last: Timestamps = np.append(np.datetime64("NaT", "s"), times)[np.searchsorted(times, moments)]
    return last


def _boluses_on(days: Timestamps, log: PumpLog, rows: Mask) -> Floats:
    """U delivered on each of the days by the rows of boluses, each when it was begun."""
    cells = log.cells.where(rows)
    minutes = np.fmax(minutes_of(cells, DURATION), np.nan_to_num(cells.numbers(DELIVERED)) / UNITS_A_MINUTE)
    begun = log.times[rows] - np.rint(minutes * 60).astype(np.int64).astype("timedelta64[s]")
    return _added_up(days, begun, np.nan_to_num(cells.numbers(DELIVERED)))


def _units_on(days: Timestamps, log: PumpLog, rows: Mask) -> Floats:
    """U delivered on each of the days by the rows."""
    return _added_up(days, log.times[rows], np.nan_to_num(log.cells.where(rows).numbers(DELIVERED)))


def _added_up(days: Timestamps, times: Timestamps, units: Floats) -> Floats:
    counted = np.isin(midnights(times), days)
    on_day = np.searchsorted(days, midnights(times[counted]))
    return np.bincount(on_day, weights=units[counted], minlength=len(days)).astype(np.float64)
