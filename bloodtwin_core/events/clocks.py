"""Times of a device's own clock in UTC: zones, daylight saving, clocks that are put forward late.

All functions take times in the order in which the device recorded them; where that is not known, nothing can tell a
clock that was set back from rows that were shuffled.
"""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bloodtwin_core.events.device_clocks import LONGEST_RHYTHM, OUT_OF_ORDER, usual_step
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import Mask, Timestamps


def recorded_oldest_first(times: Timestamps) -> bool:
    """Whether a list is in recording order rather than newest first, as many exports are."""
    steps = np.diff(times)
    return bool((steps > np.timedelta64(0, "s")).sum() >= (steps < np.timedelta64(0, "s")).sum())


def utc_from_local(local: Timestamps, zone: ZoneInfo) -> tuple[Timestamps, Repairs]:
    """UTC [event] of local wall times [event] in recording order.

    Of an hour that occurs twice the first is meant, until the clock steps back within it; then the second. A time that
    does not exist is that of a clock that had not been put forward yet, and so are those after it until the clock jumps
    (see _late_events). All are counted.
    """
    legal, repairs = _put_forward(local.astype("datetime64[s]"), zone)
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


def _put_forward(local: Timestamps, zone: ZoneInfo) -> tuple[Timestamps, Repairs]:
    """The times as a clock that was put forward in time would have shown them, all of which exist."""
    wall = pd.DatetimeIndex(local)
    missing = np.asarray(wall.tz_localize(zone, ambiguous=np.ones(len(wall), dtype=bool), nonexistent="NaT").isna())
    legal = local.copy()
    for place in np.flatnonzero(missing):
        if legal[place] == local[place]:
            before, after = _offsets_around(local[place], zone)
            legal[place : place + _late_events(local[place:], before, after, zone)] += after - before
    shifted = Repairs.of(RepairKind.clock_shifted_events, int((legal != local).sum()))
    return legal, Repairs.of(RepairKind.nonexistent_local_times, int(missing.sum())) + shifted


def _late_events(local: Timestamps, before: np.timedelta64, after: np.timedelta64, zone: ZoneInfo) -> int:
    """How many of these events, the first of which has a time that does not exist, the clock showed too late.

    They end where the clock jumps as far as it was late, or with daylight saving if it never does. Among events far
    apart no jump can be told from a pause, and the first pause as long as that ends them.
    """
    steps = np.diff(local, append=local[-1:])
    jumps = steps >= after - before
    if usual_step(local) <= LONGEST_RHYTHM:
        jumps &= steps <= after - before + LONGEST_RHYTHM
    utc = local[: int(np.argmax(np.append(jumps, True))) + 1] - before
    legal = pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(zone).tz_localize(None).to_numpy()
    return int(np.argmax(np.append((legal - utc).astype("timedelta64[s]") != after, True)))


def _offsets_around(missing: np.datetime64, zone: ZoneInfo) -> tuple[np.timedelta64, np.timedelta64]:
    """By how much local time was ahead of UTC before and after a time that does not exist (PEP 495)."""
    moment = missing.astype("datetime64[s]").item().replace(tzinfo=zone)
    before, after = (moment.replace(fold=fold).utcoffset() for fold in (0, 1))
    return np.timedelta64(before, "s"), np.timedelta64(after, "s")
