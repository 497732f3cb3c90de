"""Spans of time in a site's rows."""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import Mask, Timestamps

ENDLESS = np.datetime64("2200-01-01T00:00:00", "s")
_LONGEST_MINUTES = 50 * 365 * 24 * 60.0
"""AAPS writes the largest number that there is for no end."""

Spans = tuple[Timestamps, Timestamps]
"""Beginnings and ends [span], the end not included; ascending and apart from each other."""


def seconds(minutes: Floats) -> npt.NDArray[np.timedelta64]:
    """Minutes [row] as whole seconds."""
    capped = np.minimum(minutes, _LONGEST_MINUTES)
    whole: npt.NDArray[np.timedelta64] = np.rint(capped * 60).astype("timedelta64[s]")
    return whole


def until_next(begins: Timestamps) -> Timestamps:
    """When the next begins [span]; ENDLESS for the last."""
    return np.append(begins[1:], ENDLESS) if len(begins) else begins


def within(spans: Spans, times: Timestamps) -> Mask:
    """Whether each time lies in a span."""
    begins, ends = spans
    index = np.searchsorted(begins, times, side="right") - 1
    inside: Mask = (index >= 0) & (times < np.append(ends, times[:1])[index])
    return inside


def joined(*many: Spans) -> Spans:
    """Spans that cover what any of these covers, ascending and apart from each other."""
    begins = np.concatenate([spans[0] for spans in many])
    ends = np.concatenate([spans[1] for spans in many])
    order = np.argsort(begins, kind="stable")
    begins, ends = begins[order], ends[order]
    if not len(begins):
        return begins, ends
    reach = np.maximum.accumulate(ends)
    first = np.append(True, begins[1:] > reach[:-1])
    return begins[first], reach[np.append(np.flatnonzero(first)[1:] - 1, len(begins) - 1)]
