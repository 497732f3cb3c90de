"""Clocks of devices that were set back: one clock a device, so that its lists move together or not at all.

A clock that was ahead and then corrected shows as a step back between two entries of a list in recording order. What
the device wrote to its other lists in that time was ahead by as much, whether those lists show the step or not. Where a
source does not say which device wrote what, a list that goes straight on through the step is of another clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import RECORD_INTERVAL, Mask, Timestamps

OUT_OF_ORDER = np.timedelta64(120, "s")
"""Entries of one log may stand this far out of order without any clock having changed."""
LARGEST_CORRECTION = np.timedelta64(3 * 3600, "s")
"""A step back of more is no corrected clock but a row out of its place: an old one, or another device's."""
LONGEST_RHYTHM = np.timedelta64(15 * 60, "s")
"""Between two readings of any sensor."""
_SHUFFLED_SHARE = 0.02
"""Nobody sets a clock back so often; a list with more steps back than this is not in recording order."""


@dataclass(frozen=True)
class _SetBack:
    """A clock that was ahead by `ahead`, from the entry that showed `since` to the one that showed `until`, UTC."""

    since: np.datetime64
    until: np.datetime64
    ahead: np.timedelta64


def clock_put_right(lists: Sequence[Timestamps]) -> tuple[list[Timestamps], Repairs]:
    """The lists of one device, each UTC [event] in recording order, by a clock that is right.

    Where the clock steps back it had been ahead, since it was set forward: since the last pause of all lists before
    that is at least as long as the step, or from the beginning. What was recorded then is moved earlier by the step, in
    every list but those that are of another clock: they tell of the time shown twice once, and without a pause. Of a
    time that the clock showed twice, a list that shows no step means the first. A step back of more than
    LARGEST_CORRECTION moves nothing: those entries keep the times that they state, and are counted, as does a list that
    steps back all the time, which is in no recording order.
    """
    corrected = [times.copy() for times in lists]
    moved = [np.zeros(len(times), dtype=bool) for times in lists]
    out_of_place = 0
    corrections = 0
    # The longest list tells best when the clock was set forward; what it puts right the others need not find again.
    for place in sorted(range(len(lists)), key=lambda each: -len(lists[each])):
        for back in [] if _is_shuffled(lists[place]) else _steps_back(lists[place]):
            if _is_out_of_place(lists[place], back):
                out_of_place += 1
                continue
            if corrected[place][back] >= corrected[place][back - 1] - OUT_OF_ORDER:
                continue
            twice = corrected[place][back], corrected[place][back - 1]
            same = [number for number, times in enumerate(corrected) if not _goes_through(times, *twice)]
            found = _set_back([corrected[number] for number in same], same.index(place), back)
            corrections += 1
            for mine, was_moved in ((corrected[number], moved[number]) for number in same):
                ahead = _recorded_while_ahead(mine, found)
                mine[ahead] -= found.ahead
                was_moved |= ahead
    repairs = Repairs.of(RepairKind.clock_set_back, corrections)
    repairs += Repairs.of(RepairKind.clock_shifted_events, sum(int(each.sum()) for each in moved))
    return corrected, repairs + Repairs.of(RepairKind.rows_out_of_place, out_of_place)


def usual_step(times: Timestamps) -> np.timedelta64:
    """What usually lies between two events; 0 if there is but one."""
    forward = np.diff(times)[np.diff(times) > np.timedelta64(0, "s")]
    if len(forward) == 0:
        return np.timedelta64(0, "s")
    return np.timedelta64(int(np.median(forward.astype("timedelta64[s]").astype(np.int64))), "s")


def _is_shuffled(times: Timestamps) -> bool:
    return int((np.diff(times) < -OUT_OF_ORDER).sum()) > max(1.0, _SHUFFLED_SHARE * len(times))


def _steps_back(times: Timestamps) -> list[int]:
    """The entries [event] that are earlier than the one before."""
    places: list[int] = (np.flatnonzero(np.diff(times) < -OUT_OF_ORDER) + 1).tolist()
    return places


def _is_out_of_place(times: Timestamps, back: int) -> bool:
    """Whether the entry at a step back, or the one before it, is a single row in a wrong place of the list.

    The list then goes on as if it were not there. In a list without rhythm that cannot be told.
    """
    step = times[back - 1] - times[back]
    if step > LARGEST_CORRECTION:
        return True
    rhythm = usual_step(times)
    if rhythm > LONGEST_RHYTHM:
        return False
    # Where the clock was put right, entries go on by the rhythm on both sides of the step.
    jump = step + rhythm * 3 // 4
    after = back + 1 < len(times) and times[back + 1] - times[back] >= jump
    before = back >= 2 and times[back - 1] - times[back - 2] >= jump and times[back] > times[back - 2]
    return bool(after or before)


def _goes_through(times: Timestamps, low: np.datetime64, high: np.datetime64) -> bool:
    """Whether a list tells of all the time shown from low to high once: in its rhythm, and without a step back."""
    around = np.flatnonzero((times >= low - LONGEST_RHYTHM) & (times <= high + LONGEST_RHYTHM))
    if len(around) < 2 or len(around) != around[-1] - around[0] + 1:
        return False
    shown = times[around]
    steps = np.diff(shown)
    whole = shown.min() <= low and shown.max() >= high
    return bool(whole and (steps >= -OUT_OF_ORDER).all() and (steps <= LONGEST_RHYTHM).all())


def _set_back(lists: Sequence[Timestamps], place: int, back: int) -> _SetBack:
    """What the step back before entry `back` of list `place` says of the clock."""
    times = lists[place]
    until = times[back - 1]
    ahead = until - times[back] + min(usual_step(times), RECORD_INTERVAL)
    # What other lists hold of times after the step cannot be told from what they hold before it.
    before = [times[:back][times[:back] <= until]]
    before += [other[other < times[back]] for number, other in enumerate(lists) if number != place]
    shown = np.unique(np.concatenate(before))
    pauses = np.flatnonzero(np.diff(shown) >= ahead)
    return _SetBack(shown[pauses[-1] + 1] if len(pauses) else shown[0], until, ahead)


def _recorded_while_ahead(times: Timestamps, found: _SetBack) -> Mask:
    """Which entries [event] of a list in recording order the clock showed ahead."""
    shown: Mask = (times >= found.since) & (times <= found.until)
    low, high = found.until - found.ahead, found.until
    steps_back = (np.diff(times) < -OUT_OF_ORDER) & (times[1:] >= low) & (times[:-1] <= high) & (times[:-1] > low)
    if steps_back.any():
        # Of several, what the correction leaves would step back once more, and is put right by a further one.
        shown[int(np.argmax(steps_back)) + 1 :] = False
    return shown
