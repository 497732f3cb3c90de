"""The basal rate of MiniMed pumps in auto mode, where the programmed rate is not what was delivered."""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports.cells import Floats
from bloodtwin_core.sources.device_exports.local import LocalBasal, rate_at, with_changes

DELIVERY = np.timedelta64(5 * 60, "s")
"""A 670G in auto mode delivers every five minutes, MiniMed 670G System User Guide."""
_SAME_SPAN = np.timedelta64(15 * 60, "s")
"""Deliveries nearer than this belong together: between them the algorithm gave nothing, not the programmed rate."""
_DAY = np.timedelta64(24 * 3600, "s")


def with_deliveries(basal: LocalBasal, times: Timestamps, doses: Floats) -> LocalBasal:
    """Sorted programmed rates, replaced by the deliveries of doses [delivery], U, at sorted times while these last.

    A delivery is taken as the rate that gives its dose by the next one, at the latest in five minutes.
    """
    times, inverse = np.unique(times, return_inverse=True)
    given: Floats = np.bincount(inverse, weights=doses, minlength=len(times)).astype(np.float64)
    following = np.append(times[1:], times[-1] + _SAME_SPAN)
    ends = np.minimum(times + DELIVERY, following)
    hours = (ends - times).astype("timedelta64[s]").astype(np.float64) / 3600.0
    span_ends = following - times >= _SAME_SPAN
    starts = times[np.append(True, span_ends[:-1])]
    programmed = basal.times[~_inside(basal.times, starts, ends[span_ends])]
    kept = LocalBasal(programmed, basal.rate[np.isin(basal.times, programmed)])
    pauses = (ends < following) & ~span_ends
    changes = np.concatenate([times, ends[pauses], ends[span_ends]])
    rates = np.concatenate([given / hours, np.zeros(int(pauses.sum())), rate_at(basal, ends[span_ends])])
    order = np.argsort(changes, kind="stable")
    return with_changes(kept, changes[order], rates[order])


def unknown_on(basal: LocalBasal, days: Timestamps, first: np.datetime64, last: np.datetime64) -> LocalBasal:
    """Sorted rates, unknown during days [day], given as their midnights; after each the rate then in force holds.

    Nothing is said of the time before first and after last, which other exports may cover.
    """
    starts, ends = np.maximum(days, first), np.setdiff1d(days + _DAY, days)
    starts, ends = np.unique(starts[(starts <= last) & (starts < days + _DAY)]), ends[(ends > first) & (ends <= last)]
    outside = ~_inside(basal.times, days, days + _DAY)
    changes = np.concatenate([starts, ends])
    rates = np.concatenate([np.full(len(starts), np.nan), rate_at(basal, ends)])
    order = np.argsort(changes, kind="stable")
    # An end at the very second of a programmed change comes before it, so that the programmed rate counts.
    return with_changes(LocalBasal(changes[order], rates[order]), basal.times[outside], basal.rate[outside])


def _inside(times: Timestamps, starts: Timestamps, ends: Timestamps) -> npt.NDArray[np.bool_]:
    """Whether each time lies in one of the spans from starts up to, not including, ends; spans do not overlap."""
    span = np.searchsorted(starts, times, side="right") - 1
    inside: npt.NDArray[np.bool_] = np.zeros(len(times), dtype=bool)
    within = span >= 0
    inside[within] = times[within] < ends[span[within]]
    return inside
