"""Ways to divide what was forecast: by glucose range, by time of day, by what happened before the forecast."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.records import (
    GLUCOSE_RANGES,
    MINUTES_PER_DAY,
    RECORD_MINUTES,
    Feature,
    Mask,
    Rows,
    glucose_range_of,
)
from bloodtwin_core.windows import WindowedSeries

DAY_PART_HOURS = 3
"""Hours of the parts that a day is divided into, eight of them."""
BOLUS_MINUTES = 60
"""A bolus so many minutes before the forecast origin, or less, is a recent one: most of its insulin is still to act."""
GAP_MINUTES = 15
"""Two readings that lie further apart enclose a gap."""
AFTER_GAP_MINUTES = 60
"""A gap that ended so many minutes before the forecast origin, or less, is a recent one."""

AFTER_BOLUS = (f"no bolus in the last {BOLUS_MINUTES} min", f"a bolus in the last {BOLUS_MINUTES} min")
AFTER_GAP = (
    f"no gap over {GAP_MINUTES} min in the last {AFTER_GAP_MINUTES} min",
    f"up to {AFTER_GAP_MINUTES} min after a gap over {GAP_MINUTES} min",
)
DAY_PARTS = tuple(f"{hour:02d}:00 to {hour + DAY_PART_HOURS:02d}:00" for hour in range(0, 24, DAY_PART_HOURS))
NONE = -1
"""The group of what belongs to none."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Circumstances:
    """What happened before each forecast origin, as places in AFTER_BOLUS and AFTER_GAP, and its hour, all [window].

    NONE in after_bolus: whether there was a bolus is not known. hour: from 0 to 23, on the clock that the windows tell
    (OriginRules.clock), which is the wearer's own where it is known.
    """

    after_bolus: Places
    after_gap: Places
    hour: Places

    def of(self, which: slice) -> "Circumstances":
        """Those of some windows."""
        return Circumstances(self.after_bolus[which], self.after_gap[which], self.hour[which])


def circumstances(windows: WindowedSeries, rows: Rows) -> Circumstances:
    """What happened before each forecast origin; a lookback shorter than an hour is all that is looked at."""
    return Circumstances(_after_bolus(windows, rows), _after_gap(windows, rows), _hour(windows, rows))


@dataclass(frozen=True)
class Grouping:
    """Groups that divide windows or targets: their labels, and the place of each window or target in them.

    of: [window] or [window, step]; NONE belongs to no group.
    """

    labels: tuple[str, ...]
    of: Places


def everything(forecasts: TestForecasts) -> Grouping:
    """One group of all windows."""
    return Grouping(("all",), np.zeros(len(forecasts), dtype=np.int64))


def by_glucose_range(forecasts: TestForecasts) -> Grouping:
    """By the range that the reading forecast for turned out to lie in, target by target."""
    return Grouping(tuple(each.name for each in GLUCOSE_RANGES), glucose_range_of(forecasts.target))


def by_time_of_day(before: Circumstances) -> Grouping:
    """By the forecast origin's time of day."""
    return Grouping(DAY_PARTS, before.hour // DAY_PART_HOURS)


def by_bolus(before: Circumstances) -> Grouping:
    """By whether there was a bolus shortly before."""
    return Grouping(AFTER_BOLUS, before.after_bolus)


def by_gap(before: Circumstances) -> Grouping:
    """By whether a gap in the readings ended shortly before."""
    return Grouping(AFTER_GAP, before.after_gap)


def _after_bolus(windows: WindowedSeries, rows: Rows) -> Places:
    records = _last(BOLUS_MINUTES, windows.lookback)
    bolus = windows.series[rows[:, None] - np.arange(records), Feature.bolus_dose.column]
    some: Mask = (bolus > 0).any(axis=1)
    return np.where(some, 1, np.where(np.isnan(bolus).any(axis=1), NONE, 0)).astype(np.int64)


def _after_gap(windows: WindowedSeries, rows: Rows) -> Places:
    """The first reading after a gap follows at least so many records without one."""
    missing = GAP_MINUTES // RECORD_MINUTES
    records = _last(AFTER_GAP_MINUTES, windows.lookback - missing)
    back = rows[:, None] - np.arange(records + missing)[::-1]
    measured = windows.series[back, Feature.bg_missing_flag.column] == 0
    ends = measured[:, missing:].copy()
    for before in range(1, missing + 1):
        ends &= ~measured[:, missing - before : measured.shape[1] - before]
    after: Mask = ends.any(axis=1)
    return after.astype(np.int64)


def _last(minutes: int, most: int) -> int:
    """Records of the last so many minutes, the origin's included."""
    return max(min(minutes // RECORD_MINUTES, most), 0)


def _hour(windows: WindowedSeries, rows: Rows) -> Places:
    """The hour from the time of day that the network was told, since timestamps are UTC wherever the wearer lives."""
    sine, cosine = (windows.series[rows, feature.column] for feature in (Feature.sin_time, Feature.cos_time))
    minutes = np.rint(np.arctan2(sine, cosine) * (MINUTES_PER_DAY / (2.0 * np.pi))).astype(np.int64)
    hour: Places = minutes % MINUTES_PER_DAY // 60
    return hour
