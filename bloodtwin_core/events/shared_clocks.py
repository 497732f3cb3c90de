"""Whether two groups of lists may be of one clock, where an export does not say which device wrote which.

A pump and a sensor mostly write by one clock: that of the pump, or of the phone that runs both. Where they do not, one
of them goes straight through a time at which the other's clock was set back, or was not put forward yet.
"""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from bloodtwin_core.events.clocks import offsets_around, times_that_do_not_exist
from bloodtwin_core.events.device_clocks import LONGEST_RHYTHM, OUT_OF_ORDER, clock_steps_back, usual_step
from bloodtwin_core.records import Timestamps


def may_share_clock(some: Sequence[Timestamps], others: Sequence[Timestamps], zone: ZoneInfo) -> bool:
    """Whether nothing says that two groups of lists, each local wall times [event] in recording order, are of two
    clocks."""
    return not (_contradict(some, others, zone) or _contradict(others, some, zone))


def _contradict(dense: Sequence[Timestamps], odd: Sequence[Timestamps], zone: ZoneInfo) -> bool:
    """Whether a dense list goes straight through what an odd list says of the clock."""
    told = [times for times in dense if len(times) > 1 and usual_step(times) <= LONGEST_RHYTHM]
    return any(
        any(_goes_through(times, low, high) for low, high in _set_back(other))
        or any(_was_in_time(times, missing, zone) for missing in _not_put_forward(other, zone))
        for times in told
        for other in odd
    )


def _set_back(times: Timestamps) -> Iterator[tuple[np.datetime64, np.datetime64]]:
    """From which time to which the clock was set back, each time."""
    for back in clock_steps_back(times):
        yield times[back], times[back - 1]


def _not_put_forward(times: Timestamps, zone: ZoneInfo) -> Timestamps:
    """The first time of each day that the clock showed and that does not exist."""
    missing = times[times_that_do_not_exist(times, zone)]
    _, first = np.unique(missing.astype("datetime64[D]"), return_index=True)
    found: Timestamps = missing[first]
    return found


def _goes_through(times: Timestamps, low: np.datetime64, high: np.datetime64) -> bool:
    """Whether the list tells of all the time shown from low to high once, without a pause and without a step back."""
    around = np.flatnonzero((times >= low - LONGEST_RHYTHM) & (times <= high + LONGEST_RHYTHM))
    if len(around) < 2 or len(around) != around[-1] - around[0] + 1:
        return False
    shown = times[around]
    steps = np.diff(shown)
    whole = shown.min() <= low and shown.max() >= high
    return bool(whole and (steps >= -OUT_OF_ORDER).all() and (steps <= LONGEST_RHYTHM).all())


def _was_in_time(times: Timestamps, missing: np.datetime64, zone: ZoneInfo) -> bool:
    """Whether the list passes over a time that does not exist, as it would by a clock that was put forward in time."""
    shown = np.sort(times)
    place = int(np.searchsorted(shown, missing))
    if not 0 < place < len(shown):
        return False
    before, after = offsets_around(missing, zone)
    step = shown[place] - shown[place - 1]
    return bool(after - before <= step <= after - before + LONGEST_RHYTHM)
