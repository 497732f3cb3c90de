"""What a person's own past says of them, record by record, from nothing that came later."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import RECORD_INTERVAL, RECORDS_PER_DAY, RECORDS_PER_HOUR, Feature, Rows
from bloodtwin_core.windows import WindowedSeries

HOURS = 24
PROFILE_DAYS = 7.0
"""Days after which a day counts for a third in what is usual at an hour."""
SHRINKING_DAYS = 1.0
"""Days of the usual glucose at all hours that count beside those of the hour itself."""


@dataclass(frozen=True)
class Person:
    """All records of a person on one five-minute grid, NaN where there are none.

    rows: of the series, and places: where they lie on the grid, both [record]. into_hour: records of the clock hour
    before the first place. glucose: measured, mg/dL; basal: U/h; bolus: U; all [place].
    """

    rows: Rows
    places: Rows
    into_hour: int
    glucose: Floats
    basal: Floats
    bolus: Floats


def people_of(windows: WindowedSeries) -> Iterator[Person]:
    """Every person of the windows, all of their segments on one grid."""
    glucose = np.where(windows.measured, windows.series[:, Feature.bg.column], np.nan)
    for pump in dict.fromkeys(segment.pump_id for segment in windows.segments):
        rows = np.concatenate([np.arange(s.start, s.stop) for s in windows.segments if s.pump_id == pump])
        times = windows.timestamps[rows]
        first = times.min()
        places = (times - first) // RECORD_INTERVAL
        into_hour = int((first - first.astype("datetime64[h]")) // RECORD_INTERVAL)
        grid = np.full((3, int(places.max()) + 1), np.nan)
        grid[0, places] = glucose[rows]
        grid[1, places] = windows.series[rows, Feature.basal_rate.column]
        grid[2, places] = windows.series[rows, Feature.bolus_dose.column]
        yield Person(rows, places, into_hour, *grid)


def running_mean(values: Floats, days: float, after_days: float = 1.0) -> Floats:
    """Mean of what is known up to each place, [place], a record counting less by e for so many days of age.

    Unknown (NaN) until the records of after_days have been known.
    """
    known = np.isfinite(values)
    kept = np.exp(-1.0 / (days * RECORDS_PER_DAY))
    sums, weights = (lfilter([1.0], [1.0, -kept], each) for each in (np.nan_to_num(values), known.astype(float)))
    seen = np.cumsum(known) >= after_days * RECORDS_PER_DAY
    return np.divide(sums, weights, out=np.full(len(values), np.nan), where=seen)


def usual_at_the_hour(person: Person, ahead: int, after_days: float = 1.0) -> Floats:
    """The person's usual glucose at the clock hour so many hours ahead of each place, mg/dL [place].

    Of earlier days alone, shrunk towards the usual glucose at all hours; unknown as in running_mean.
    """
    block = (np.arange(len(person.glucose)) + person.into_hour) // RECORDS_PER_HOUR
    known = np.isfinite(person.glucose)
    blocks = HOURS * (int(block[-1] + ahead) // HOURS + 1)
    counts = np.bincount(block[known], minlength=blocks)
    sums = np.bincount(block[known], person.glucose[known], minlength=blocks)
    means = np.divide(sums, counts, out=np.zeros(blocks), where=counts > 0)
    kept = np.exp(-1.0 / PROFILE_DAYS)
    # The coefficient of the newest day is 0: an hour says nothing of itself.
    of_hour, days = (
        lfilter([0.0, 1.0], [1.0, -kept], each.reshape(-1, HOURS), axis=0).ravel()[block + ahead]
        for each in (means, (counts > 0).astype(float))
    )
    anyway = running_mean(person.glucose, 2 * PROFILE_DAYS, after_days)
    return (of_hour + SHRINKING_DAYS * anyway) / (days + SHRINKING_DAYS)
