"""What a week of one pump's records is like: glucose, missing readings, insulin a day."""

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import RECORDS_PER_DAY, RECORDS_PER_HOUR, Feature, Split, Timestamps
from bloodtwin_core.windows import WindowedSeries

_MONDAY = np.datetime64("1970-01-05", "D")
"""Weeks begin on Mondays, 00:00 on the records' clock."""
DAYS = 7
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WeekOfRecords:
    """One week of one pump.

    expected: records that there should be, from the pump's first to its last. glucose: measured readings, mg/dL
    [reading]. insulin: U a day, NaN where it is known of less than a day. content: sha256 over what was recorded.
    cut: whether the history begins within it, as where older records were left out.
    """

    start: date
    expected: int
    glucose: Values
    insulin: float
    content: str
    cut: bool

    @property
    def missing(self) -> float:
        """Share of the readings that there should be and are not."""
        return 1.0 - min(1.0, len(self.glucose) / self.expected)

    @property
    def days(self) -> float:
        """Days of it that the pump's history reaches over."""
        return self.expected / RECORDS_PER_DAY


@dataclass(frozen=True)
class PumpWeeks:
    """The weeks of one pump in order, also those without a record; learnt_until begins the week training ends in."""

    weeks: tuple[WeekOfRecords, ...]
    learnt_until: date


def weeks_of(windows: WindowedSeries, pump_id: str) -> PumpWeeks:
    """All weeks of a pump that is tested, over all its splits."""
    segments = sorted(
        (segment for segment in windows.segments if segment.pump_id == pump_id),
        key=lambda segment: windows.timestamps[segment.start],
    )
    rows = np.concatenate([np.arange(segment.start, segment.stop) for segment in segments])
    trained = [windows.timestamps[segment.stop - 1] for segment in segments if segment.split is Split.train]
    times, first, last = windows.timestamps[rows], windows.timestamps[rows[0]], windows.timestamps[rows[-1]]
    week = week_of(times)
    starts = np.arange(week[0], week[-1] + 1, np.timedelta64(DAYS, "D"))
    weeks = tuple(_week(windows, rows[week == start], start, first, last) for start in starts)
    until = week_of(np.array([max(trained)]))[0] if trained else week[0]
    return PumpWeeks(weeks, _as_date(until))


def week_of(times: Timestamps) -> npt.NDArray[np.datetime64]:
    """The Monday that begins the week of each time."""
    days = times.astype("datetime64[D]")
    since = (days - _MONDAY) % np.timedelta64(DAYS, "D")
    return (days - since).astype("datetime64[D]")


def _week(
    windows: WindowedSeries,
    rows: npt.NDArray[np.int64],
    start: np.datetime64,
    first: np.datetime64,
    last: np.datetime64,
) -> WeekOfRecords:
    end = start.astype("datetime64[s]") + np.timedelta64(DAYS, "D")
    begins, ends = max(start.astype("datetime64[s]"), first), min(end, last + np.timedelta64(300, "s"))
    series = windows.series[rows]
    measured = series[:, Feature.bg_missing_flag.column] == 0
    glucose = series[measured, Feature.bg.column].astype(np.float64)
    basal, bolus = (series[:, f.column].astype(np.float64) for f in (Feature.basal_rate, Feature.bolus_dose))
    known = np.isfinite(basal) & np.isfinite(bolus)
    units = bolus[known].sum() + basal[known].sum() / RECORDS_PER_HOUR
    days_known = known.sum() / RECORDS_PER_DAY
    digest = hashlib.sha256(windows.timestamps[rows].tobytes())
    for part in (measured, glucose, basal, bolus):
        digest.update(np.ascontiguousarray(part).tobytes())
    return WeekOfRecords(
        start=_as_date(start),
        expected=int((ends - begins) / np.timedelta64(300, "s")),
        glucose=glucose,
        insulin=float(units / days_known) if days_known >= 1.0 else float("nan"),
        content=digest.hexdigest(),
        cut=bool(first > start),
    )


def _as_date(day: np.datetime64) -> date:
    told: date = day.astype("datetime64[D]").astype(date)
    return told
