"""Insulin delivered in each five minutes: basal integrated over time, boluses summed, not a unit lost or made up."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.events.grid import BIN_SECONDS, Bins, bins_of, ends_of, seconds_of
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents
from bloodtwin_core.events.plausible import POSSIBLE_BASAL
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.silence import held, lately
from bloodtwin_core.records import BASAL_LIMITS, BOLUS_LIMITS, RECORDS_PER_HOUR, Mask, Timestamps

_SECONDS_PER_HOUR = 3600
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True)
class InsulinBins:
    """Insulin of the bins first, first + 1, ... basal_rate: U/h [bin], bolus_dose: U [bin]; NaN where unknown.

    last is the bin of the last event and delivery; the bins behind it only go on with the last rate. The masks [bin]
    say where something was repaired: the rate was known for a part of the bin only, basal exceeded its limit and the
    rest was added to the bolus, bolus exceeded its limit and the rest was moved to the next bins.
    """

    first: int
    last: int
    basal_rate: Floats
    bolus_dose: Floats
    basal_partly_known: Mask
    basal_above_limit: Mask
    bolus_spread: Mask

    def units(self) -> Floats:
        """U of basal and bolus together [bin], as far as they are known."""
        return np.nan_to_num(self.basal_rate) / RECORDS_PER_HOUR + np.nan_to_num(self.bolus_dose)

    def without_boluses_in(self, unknown: Bins) -> Self:
        """With the bolus unknown, not none, in the bins of which nothing is known, unless some of one falls there."""
        place = unknown[(unknown >= self.first) & (unknown < self.first + len(self.bolus_dose))] - self.first
        dose = self.bolus_dose.copy()
        dose[place[dose[place] == 0]] = np.nan
        return replace(self, bolus_dose=dose)

    def repairs_in(self, place: npt.NDArray[np.int64]) -> Repairs:
        """What was repaired in the bins that became records; place [record] counts from first."""
        return (
            Repairs.of(RepairKind.basal_partly_known, int(self.basal_partly_known[place].sum()))
            + Repairs.of(RepairKind.basal_above_limit, int(self.basal_above_limit[place].sum()))
            + Repairs.of(RepairKind.boluses_spread, int(self.bolus_spread[place].sum()))
        )


def insulin_bins(basal: BasalEvents, bolus: BolusEvents, first: int, last: int) -> InsulinBins:
    """Insulin of the bins first to last, which must reach from the first event to the last and beyond its delivery.

    What exceeds a limit of the records is not lost: basal above its limit is added to the bolus of the same bin, and
    bolus above its limit to that of the next ones. Unknown insulin is NaN: basal before the first rate and after a
    NaN rate, both after LONGEST_SILENCE without a known rate or a bolus.
    """
    edges = np.arange(first - 1, last + 1, dtype=np.int64) * BIN_SECONDS
    heard = np.sort(np.concatenate([basal.times[np.isfinite(basal.rate)], bolus.times]))
    rate, partly_known = _mean_rate(held(basal, heard), edges)
    excess = np.maximum(np.nan_to_num(rate) - BASAL_LIMITS.high, 0.0) / RECORDS_PER_HOUR
    dose = _spread(bolus, first, last) + excess
    rate[excess > 0] = BASAL_LIMITS.high
    spread = _pass_on(dose)
    ends = bins_of(np.concatenate([basal.times, delivery_ends(bolus)])) - first
    passed_on = dose[ends.max(initial=0) + 1 :] > excess[ends.max(initial=0) + 1 :]
    last_delivery = first + int(ends.max(initial=0)) + int(np.argmin(np.append(passed_on, False)))
    dose[~lately(heard, ends_of(np.arange(first, last + 1))) & (dose == 0)] = np.nan
    return InsulinBins(first, last_delivery, rate, dose, partly_known, excess > 0, spread)


def _mean_rate(basal: BasalEvents, edges: npt.NDArray[np.int64]) -> tuple[Floats, Mask]:
    """Time-weighted mean rate (U/h) between neighbouring edges (s since 1970), and where it was known for a part only.

    Where the rate is known for a part of the bin, the insulin of that part is what the bin holds.
    """
    if len(basal) == 0:
        return np.full(len(edges) - 1, np.nan), np.zeros(len(edges) - 1, dtype=bool)
    times = np.append(seconds_of(basal.times), max(edges[-1], seconds_of(basal.times)[-1]))
    lasting = np.diff(times)
    known = np.isfinite(basal.rate)
    given = _integrated(edges, times, np.where(known, basal.rate, 0.0) * lasting / _SECONDS_PER_HOUR)
    known_seconds = np.rint(_integrated(edges, times, known * lasting))
    rate = np.where(known_seconds > 0, given * RECORDS_PER_HOUR, np.nan)
    return rate, (known_seconds > 0) & (known_seconds < BIN_SECONDS)


def _integrated(edges: npt.NDArray[np.int64], times: npt.NDArray[np.int64], amounts: Floats) -> Floats:
    """What falls between neighbouring edges of amounts [interval], each spread evenly between two of the times."""
    # Of events at the same second only the last one lasts; np.interp needs each time once.
    until = np.append(0.0, np.cumsum(amounts))
    last = np.append(np.diff(times) > 0, True)
    between: Floats = np.diff(np.interp(edges, times[last], until[last]))
    return between


def _spread(bolus: BolusEvents, first: int, last: int) -> Floats:
    """U [bin] of the bins first to last."""
    doses = np.zeros(last - first + 1)
    at_once = bolus.minutes * _SECONDS_PER_MINUTE < 1.0
    np.add.at(doses, bins_of(bolus.times[at_once]) - first, bolus.dose[at_once])
    starts = seconds_of(bolus.times[~at_once]).astype(np.float64)
    stops = starts + bolus.minutes[~at_once] * _SECONDS_PER_MINUTE
    first_bins = np.floor(starts / BIN_SECONDS).astype(np.int64) + 1
    counts = np.maximum(np.ceil(stops / BIN_SECONDS).astype(np.int64) - first_bins, 0) + 1
    which = np.repeat(np.arange(len(counts)), counts)
    bins = first_bins[which] + np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    overlap = np.minimum(stops[which], bins * BIN_SECONDS) - np.maximum(starts[which], (bins - 1) * BIN_SECONDS)
    share = overlap / (stops - starts)[which]
    np.add.at(doses, bins - first, bolus.dose[~at_once][which] * np.maximum(share, 0.0))
    return doses


def _pass_on(doses: Floats) -> Mask:
    """Move what is above the bolus limit to the following bins, in place; where it was above it [bin].

    The last bin keeps what is left, so the caller leaves room behind.
    """
    above = doses > BOLUS_LIMITS.high
    for start in np.flatnonzero(above):
        place = int(start)
        while doses[place] > BOLUS_LIMITS.high and place + 1 < len(doses):
            doses[place + 1] += doses[place] - BOLUS_LIMITS.high
            doses[place] = BOLUS_LIMITS.high
            place += 1
    return above


def room_needed(bolus: BolusEvents) -> int:
    """Bins behind the last event that hold every unit even if all were passed on."""
    passed_on_at_least = BOLUS_LIMITS.high - (POSSIBLE_BASAL.high - BASAL_LIMITS.high) / RECORDS_PER_HOUR
    return int(bolus.dose.sum() // passed_on_at_least) + 1


def delivery_ends(bolus: BolusEvents) -> Timestamps:
    """When each bolus [event] is wholly delivered."""
    ends: Timestamps = bolus.times + np.ceil(bolus.minutes * _SECONDS_PER_MINUTE).astype("timedelta64[s]")
    return ends
