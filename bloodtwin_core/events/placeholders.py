"""Readings that no sensor took: long runs of one exact value that some exporter filled in.

A run is recognised when it has lasted long enough, and then all of it is taken as missing, its first readings too.
"""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.kinds import GlucoseEvents

SHORTEST_FILL = 24
SHORTEST_FILL_TIME = np.timedelta64(115 * 60, "s")
"""A fill is at least so many equal readings over at least this long, 24 at five minutes apart.

In AZT1D (20 people) no reading stood more often than 12 times in a row, in BrisT1D (15 people, rounded to
0.1 mmol/L) none between the sensor's ends more than 16 times.
"""
SATURATED_LOW, SATURATED_HIGH = 40.5, 398.0
"""mg/dL. At the ends of its range a sensor truly repeats one value: 39, 40, 400, 401 or 22.2 mmol/L, for hours."""


def placeholder_readings(events: GlucoseEvents) -> npt.NDArray[np.bool_]:
    """Which readings [event] belong to a fill. The runs are those of each sensor alone."""
    filled = np.zeros(len(events), dtype=bool)
    for sensor in np.unique(events.sensor):
        places = np.flatnonzero(events.sensor == sensor)
        filled[places] = _in_long_run(events.chosen(places))
    return filled


def _in_long_run(events: GlucoseEvents) -> npt.NDArray[np.bool_]:
    glucose = events.glucose
    starts = np.flatnonzero(np.diff(glucose, prepend=np.nan) != 0)
    stops = np.append(starts[1:], len(glucose))
    long = stops - starts >= SHORTEST_FILL
    long &= events.times[stops - 1] - events.times[starts] >= SHORTEST_FILL_TIME
    long &= (glucose[starts] > SATURATED_LOW) & (glucose[starts] < SATURATED_HIGH)
    return np.repeat(long, stops - starts)
