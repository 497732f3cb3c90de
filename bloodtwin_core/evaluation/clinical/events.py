"""Hypo- and hyperglycaemic events, as the international consensus counts them, in what a test measured of each pump.

An event begins with the first of at least 15 consecutive minutes beyond the threshold and is over when 15 minutes pass
without a reading beyond it: Danne et al., Diabetes Care 40 (2017) 1631; Battelino et al., Lancet Diabetes &
Endocrinology 11 (2023) 42. A reading stands for the five minutes until the next, so 15 minutes are three readings.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import RECORD_INTERVAL, RECORD_MINUTES, TARGET_RANGE, Glucose, Mask, Timestamps

EVENT_RECORDS = 15 // RECORD_MINUTES
"""Readings that make 15 minutes."""

RecordNumbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Threshold:
    """Glucose (mg/dL) beyond which there is hypoglycaemia (below it) or hyperglycaemia (above it)."""

    name: str
    glucose: float
    below: bool

    def beyond(self, glucose: npt.NDArray[np.floating]) -> Mask:
        """Whether each glucose lies beyond; what is not known (NaN) does not."""
        beyond: Mask = glucose < self.glucose if self.below else glucose > self.glucose
        return beyond


HYPOGLYCAEMIA = Threshold("hypoglycaemia", TARGET_RANGE[0], below=True)
HYPERGLYCAEMIA = Threshold("hyperglycaemia", TARGET_RANGE[1], below=False)


@dataclass(frozen=True)
class Events:
    """Events of one pump in time order: onset is the first record of each, end the first that is over, [event]."""

    onset: RecordNumbers
    end: RecordNumbers


@dataclass(frozen=True)
class PumpTimeline:
    """What was measured of one pump, one record every five minutes, and where its forecast origins lie.

    windows: places of its windows in the arrays of the test, in time order. origin: their record numbers. last: the
    (carried) reading at each origin, all [window]. readings: mg/dL, [record], NaN where none was measured.
    """

    windows: RecordNumbers
    origin: RecordNumbers
    last: npt.NDArray[np.float32]
    readings: npt.NDArray[np.float32]


def pump_timelines(
    pump: npt.NDArray[np.str_],
    timestamp: Timestamps,
    last: npt.NDArray[np.float32],
    target: Glucose,
    measured: Mask,
) -> list[PumpTimeline]:
    """The timeline of each pump, from its test windows.

    pump, timestamp (of the origin) and last (mg/dL) are [window]; target (mg/dL) and measured are [window, step]. The
    readings are the measured targets: the one at an origin without a window before it is not among them.
    """
    return [
        _timeline(np.flatnonzero(pump == name), timestamp, last, target, measured)
        for name in dict.fromkeys(pump.tolist())
    ]


def find_events(readings: npt.NDArray[np.floating], threshold: Threshold) -> Events:
    """Events in the readings (mg/dL, [record], NaN where none was measured) of one pump."""
    beyond = np.flatnonzero(threshold.beyond(readings))
    if not len(beyond):
        return Events(beyond, beyond)
    steps = np.diff(beyond)
    run = np.concatenate([[0], np.cumsum(steps > 1)])
    spell = np.concatenate([[0], np.cumsum(steps > EVENT_RECORDS)])  # Until 15 minutes pass without one beyond.
    first_of_run = np.flatnonzero(np.diff(run, prepend=-1))
    long = first_of_run[np.bincount(run) >= EVENT_RECORDS]
    last_of_spell = np.flatnonzero(np.diff(spell, append=spell[-1] + 1))
    spells, first_long = np.unique(spell[long], return_index=True)
    return Events(onset=beyond[long[first_long]], end=beyond[last_of_spell[spells]] + 1)


def _timeline(
    windows: RecordNumbers,
    timestamp: Timestamps,
    last: npt.NDArray[np.float32],
    target: Glucose,
    measured: Mask,
) -> PumpTimeline:
    windows = windows[np.argsort(timestamp[windows], kind="stable")]
    horizon = target.shape[1]
    number = timestamp[windows].astype("datetime64[s]").astype(np.int64) // RECORD_INTERVAL.astype(np.int64)
    # A long gap needs no more records than keep what lies before and after it apart.
    origin = np.concatenate([[0], np.cumsum(np.minimum(np.diff(number), horizon + EVENT_RECORDS + 1))])
    readings = np.full(int(origin[-1]) + horizon + 1, np.nan, dtype=np.float32)
    for step in range(horizon):
        known = measured[windows, step]
        readings[origin[known] + step + 1] = target[windows[known], step]
    return PumpTimeline(windows, origin, last[windows], readings)
