"""One reading for every five minutes, of one sensor consistently, never a mean of two."""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.grid import bins_of
from bloodtwin_core.events.kinds import GlucoseEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import RECORD_INTERVAL, Mask, Timestamps

SENSOR_SILENCE = np.timedelta64(15 * 60, "s")
"""A sensor is followed until it was not heard for longer; the age up to which a forecast may start from a reading."""
SLOWEST_RHYTHM = np.timedelta64(450, "s")
"""Usual time between two readings of a five-minute sensor at most; the next slower kind reads every 15 minutes."""
_RHYTHM = int(RECORD_INTERVAL / np.timedelta64(1, "s"))
_SAME_PHASE = 30
"""Seconds. Readings of one five-minute sensor stay this close to its rhythm."""
_MOST_INTERLEAVED = 3
"""Sensors that may be heard at once. More readings than that in five minutes are of one faster sensor."""


def usual_interval(times: Timestamps) -> np.timedelta64 | None:
    """Median time between two different ones of the times [reading], ascending; None if there are none."""
    steps = np.diff(np.unique(times)).astype("timedelta64[s]").astype(np.int64)
    return np.timedelta64(int(np.median(steps)), "s") if len(steps) else None


def why_not_followed(times: Timestamps) -> str:
    """What readings at these times [reading], ascending, lack for the grid, as the rest of a sentence; "" if none."""
    interval = usual_interval(times)
    if interval is None:
        return "has no glucose readings"
    if interval > SLOWEST_RHYTHM:
        return f"has a reading every {interval / np.timedelta64(60, 's'):.0f} minutes only"
    return ""


def one_sensor(events: GlucoseEvents) -> Mask:
    """Which readings [event] are of the sensor followed at that time, where sensors are named.

    The first sensor is followed until it is silent for longer than SENSOR_SILENCE, then the next that is heard.
    """
    names, named = np.unique(events.sensor, return_inverse=True)
    if len(names) < 2:
        return np.ones(len(events), dtype=bool)
    # Where each sensor falls silent: the last reading of every run without a pause.
    places = [np.flatnonzero(named == name) for name in range(len(names))]
    run_ends = [own[np.append(np.diff(events.times[own]) > SENSOR_SILENCE, True)] for own in places]
    kept = np.zeros(len(events), dtype=bool)
    place = 0
    while place < len(events):
        own, ends = places[named[place]], run_ends[named[place]]
        last = int(ends[np.searchsorted(ends, place)])
        kept[own[np.searchsorted(own, place) : np.searchsorted(own, last, side="right")]] = True
        place = last + 1
    return kept


def one_reading_per_bin(events: GlucoseEvents) -> tuple[GlucoseEvents, Repairs]:
    """At most one reading for each five minutes: the later of two, but of two unnamed sensors always the same one.

    Two sensors are at work where both readings keep a five-minute rhythm of their own, or stand at the same second
    with different glucose. Then the one that goes on in the rhythm of the last kept reading is kept, and of the same
    moment the glucose nearest to it.
    """
    if len(events) == 0:
        return events, Repairs()
    bins = bins_of(events.times)
    starts = np.flatnonzero(np.diff(bins, prepend=bins[:1] - 1))
    stops = np.append(starts[1:], len(bins))
    kept = stops - 1
    times = (events.times - np.datetime64(0, "s")).astype(np.int64)
    interleaved = 0
    for index in np.flatnonzero((stops - starts > 1) & (stops - starts <= _MOST_INTERLEAVED)):
        rivals = np.arange(starts[index], stops[index])
        if index and _of_two_sensors(times, rivals):
            kept[index] = _of_the_same_sensor(times, events.glucose, rivals, int(kept[index - 1]))
            interleaved += len(rivals) - 1
    left_out = Repairs.of(RepairKind.earlier_readings_in_bin, len(events) - len(kept) - interleaved)
    return events.chosen(kept), left_out + Repairs.of(RepairKind.second_sensor_readings, interleaved)


def _of_two_sensors(times: npt.NDArray[np.int64], rivals: npt.NDArray[np.intp]) -> bool:
    own = times[rivals]
    if len(np.unique(own)) < len(own):
        return True
    return all(_heard_near(times, time - _RHYTHM) or _heard_near(times, time + _RHYTHM) for time in own)


def _heard_near(times: npt.NDArray[np.int64], time: int) -> bool:
    place = int(np.searchsorted(times, time - _SAME_PHASE))
    return place < len(times) and bool(times[place] <= time + _SAME_PHASE)


def _of_the_same_sensor(
    times: npt.NDArray[np.int64], glucose: npt.NDArray[np.float64], rivals: npt.NDArray[np.intp], last: int
) -> int:
    since = (times[rivals] - times[last]) % _RHYTHM
    in_rhythm = np.minimum(since, _RHYTHM - since) <= _SAME_PHASE
    if in_rhythm.any():
        rivals = rivals[in_rhythm]
    rivals = rivals[times[rivals] == times[rivals].max()]
    return int(rivals[np.argmin(np.abs(glucose[rivals] - glucose[last]))])
