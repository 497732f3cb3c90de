"""Clocks of pumps and sensors that the wearer puts forward by hand, hours or days after daylight saving began.

Until then they show standard time: first hours that do not exist, which gives them away, then hours that do. (A clock
that is set back late repeats hours, and bloodtwin_core/events/clocks.py undoes that.)
"""

from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import Timestamps

_HOUR = np.timedelta64(3600, "s")
_LONGEST_JUMP = np.timedelta64(75 * 60, "s")
"""Putting a clock forward shows as a step of an hour and the usual time between two rows, at most a quarter."""


def put_forward(local: Timestamps, zone: ZoneInfo) -> tuple[Timestamps, Repairs]:
    """Local times [row], in recording order, as a clock would show them that was put forward in time.

    From a time that does not exist on, rows are an hour late until the clock jumps by an hour, or until standard time
    returns if it never does. Without a time that does not exist nothing is moved.
    """
    wall = pd.DatetimeIndex(local)
    missing = np.asarray(wall.tz_localize(zone, ambiguous=np.ones(len(wall), dtype=bool), nonexistent="NaT").isna())
    if not missing.any():
        return local, Repairs()
    steps = np.diff(local, append=local[-1:])
    jumps = np.flatnonzero((steps >= _HOUR) & (steps <= _LONGEST_JUMP))
    late = np.zeros(len(local), dtype=bool)
    for place in np.flatnonzero(missing):
        if not late[place]:
            after = jumps[jumps >= place]
            end = int(after[0]) + 1 if len(after) else len(local)
            late[place:end] = _while_saving(local[place:end], zone)
    repairs = Repairs.of(RepairKind.nonexistent_local_times, int(missing.sum()))
    return local + np.where(late, _HOUR, 0 * _HOUR), repairs + Repairs.of(
        RepairKind.clock_shifted_events, int(late.sum())
    )


def _while_saving(standard: Timestamps, zone: ZoneInfo) -> npt.NDArray[np.bool_]:
    """Whether daylight saving has held at each time [row] of a clock on standard time without a break."""
    saving = [bool(moment.replace(tzinfo=zone).dst()) for moment in (standard + _HOUR).tolist()]
    held: npt.NDArray[np.bool_] = np.logical_and.accumulate(np.array(saving, dtype=bool))
    return held
