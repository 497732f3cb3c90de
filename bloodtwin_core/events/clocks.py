"""Times of a device's own clock in UTC: zones, daylight saving, clocks that are put forward late.

All functions take times in the order in which the device recorded them; where that is not known, nothing can tell a
clock that was set back from rows that were shuffled.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bloodtwin_core.events.device_clocks import LONGEST_RHYTHM, OUT_OF_ORDER, clock_put_right, usual_step
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import Mask, Timestamps


def recorded_oldest_first(times: Timestamps) -> bool:
    """Whether a list is in recording order rather than newest first, as many exports are."""
    steps = np.diff(times)
    return bool((steps > np.timedelta64(0, "s")).sum() >= (steps < np.timedelta64(0, "s")).sum())


def device_times(lists: Sequence[Timestamps], zone: ZoneInfo) -> tuple[list[Timestamps], list[Repairs], Repairs]:
    """UTC of the lists of one device, each local wall times [event] in recording order, by a clock that is right.

    A clock that was put forward late or set back moves what the device wrote to all its lists, whether a list shows it
    or not. Returns the lists, what was repaired in each, and what was repaired in the clock.
    """
    told = utc_of_lists(lists, zone)
    right, clock = clock_put_right([times for times, _ in told])
    return right, [repairs for _, repairs in told], clock


def utc_from_local(local: Timestamps, zone: ZoneInfo) -> tuple[Timestamps, Repairs]:
    """utc_of_lists for a device of one list [event]."""
    (found,) = utc_of_lists([local], zone)
    return found


def utc_of_lists(lists: Sequence[Timestamps], zone: ZoneInfo) -> list[tuple[Timestamps, Repairs]]:
    """UTC of the lists of one device, each local wall times [event] in recording order; what was repaired in each.

    Of an hour that occurs twice the first is meant, until the clock steps back within it; then the second. A time that
    does not exist is that of a clock that had not been put forward yet, and so are those after it, in all lists, until
    the clock jumps (see _last_late); but not in a list that passes over it, which is of another clock. All are counted.
    """
    local = [times.astype("datetime64[s]") for times in lists]
    return [_in_utc(times, repairs, zone) for times, repairs in _put_forward(local, zone)]


def _in_utc(legal: Timestamps, repairs: Repairs, zone: ZoneInfo) -> tuple[Timestamps, Repairs]:
    wall = pd.DatetimeIndex(legal)
    unclear = np.asarray(wall.tz_localize(zone, ambiguous="NaT").isna())
    first = np.ones(len(wall), dtype=bool)
    first[unclear] = ~_second_time(legal[unclear])
    utc = wall.tz_localize(zone, ambiguous=first).tz_convert(None).to_numpy()
    times: Timestamps = utc.astype("datetime64[s]")
    return times, repairs + Repairs.of(RepairKind.ambiguous_local_times, int(unclear.sum()))


def _second_time(local: Timestamps) -> Mask:
    """Whether a time [event] in an hour that occurs twice is the second: the clock went back in it before."""
    back = np.diff(local, prepend=local[:1]) < -OUT_OF_ORDER
    night = local.astype("datetime64[D]")
    frame = pd.DataFrame({"night": night, "back": back & (np.diff(night, prepend=night[:1]).astype(np.int64) == 0)})
    second: Mask = frame.groupby("night")["back"].cumsum().to_numpy() > 0
    return second


def _put_forward(lists: Sequence[Timestamps], zone: ZoneInfo) -> list[tuple[Timestamps, Repairs]]:
    """The times as a clock that was put forward in time would have shown them, all of which exist."""
    missing = [_missing(times, zone) for times in lists]
    late = [np.zeros(len(times), dtype="timedelta64[s]") for times in lists]
    last_late: np.datetime64 = np.datetime64("NaT", "s")
    for first in np.unique(_joined([times[gone] for times, gone in zip(lists, missing, strict=True)])):
        if first <= last_late:
            continue
        before, after = _offsets_around(first, zone)
        same = [
            place
            for place, (times, gone) in enumerate(zip(lists, missing, strict=True))
            if gone.any() or not _was_in_time(times, first, after - before)
        ]
        # A clock that is late runs on, so that what it showed is in the order of recording across its lists too.
        together = np.sort(_joined([lists[place] for place in same]))
        last_late = _last_late(together[together >= first], before, after, zone)
        for place in same:
            late[place][(lists[place] >= first) & (lists[place] <= last_late)] = after - before
    return [
        (
            times + behind,
            Repairs.of(RepairKind.nonexistent_local_times, int(gone.sum()))
            + Repairs.of(RepairKind.clock_shifted_events, int((behind != np.timedelta64(0, "s")).sum())),
        )
        for times, behind, gone in zip(lists, late, missing, strict=True)
    ]


def _missing(local: Timestamps, zone: ZoneInfo) -> Mask:
    """Which wall times [event] do not exist, since clocks are put forward over them."""
    wall = pd.DatetimeIndex(local)
    missing: Mask = np.asarray(
        wall.tz_localize(zone, ambiguous=np.ones(len(wall), dtype=bool), nonexistent="NaT").isna(), dtype=bool
    )
    return missing


def _was_in_time(times: Timestamps, missing: np.datetime64, jump: np.timedelta64) -> bool:
    """Whether a list in a sensor's rhythm passes over a time that does not exist, by a clock put forward in time."""
    shown = np.sort(times)
    place = int(np.searchsorted(shown, missing))
    if not 0 < place < len(shown) or usual_step(times) > LONGEST_RHYTHM:
        return False
    return bool(jump <= shown[place] - shown[place - 1] <= jump + LONGEST_RHYTHM)


def _joined(lists: Sequence[Timestamps]) -> Timestamps:
    together: Timestamps = np.concatenate([np.empty(0, dtype="datetime64[s]"), *lists])
    return together


def _last_late(local: Timestamps, before: np.timedelta64, after: np.timedelta64, zone: ZoneInfo) -> np.datetime64:
    """The last time that a clock showed too late; local: what it showed [event], ascending, the first of which does
    not exist.

    It was late until it jumps as far as it was late, or with daylight saving if it never does. Among events far apart
    no jump can be told from a pause, and the first pause as long as that ends it.
    """
    steps = np.diff(local, append=local[-1:])
    jumps = steps >= after - before
    if usual_step(local) <= LONGEST_RHYTHM:
        jumps &= steps <= after - before + LONGEST_RHYTHM
    utc = local[: int(np.argmax(np.append(jumps, True))) + 1] - before
    legal = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(zone).tz_localize(None).to_numpy()
    in_time = np.append((legal - utc).astype("timedelta64[s]") != after, True)
    last: np.datetime64 = local[max(int(np.argmax(in_time)), 1) - 1]
    return last


def _offsets_around(missing: np.datetime64, zone: ZoneInfo) -> tuple[np.timedelta64, np.timedelta64]:
    """By how much local time was ahead of UTC before and after a time that does not exist (PEP 495)."""
    moment = missing.astype("datetime64[s]").item().replace(tzinfo=zone)
    before, after = (moment.replace(fold=fold).utcoffset() for fold in (0, 1))
    return np.timedelta64(before, "s"), np.timedelta64(after, "s")
