"""AZT1D: people with type 1 diabetes on Tandem t:slim X2 pumps with Control-IQ and Dexcom sensors.

S. Khamesian, A. Arefeen, B. M. Thompson, M. A. Grando, H. Ghasemzadeh, "AZT1D: A Real-World Dataset for Type 1
Diabetes", doi:10.17632/gk9m674wcx.1, arXiv:2506.14789, CC BY 4.0. Read from the folder as published:
`CGM Records/Subject N/Subject N.csv`, one row per sensor reading.

What this importer makes of the files:
- No time zone is published. The local wall time is taken as if it were UTC; a change to or from daylight saving time
  would show as a gap or as repeated timestamps of one hour.
- Basal is the mean over the clock hour, written on every row of that hour, the early ones included: there it tells
  what the pump is about to do in answer to glucose. It is known when the hour is over, so it is placed on the hour
  after.
- Basal is known only for the last weeks of a person; the records begin there and the rows before are left out, or with
  data.azt1d.days_before_basal stand in front of the train split, their basal unknown. An unknown rate is NaN, never 0.
- CarbSize is what the wearer told the pump with a bolus that was delivered. It is 0 in most rows of a bolus, so that 0
  says nothing: carbohydrates are unknown until the first announcement and after LONGEST_SILENCE without any.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.silence import lately
from bloodtwin_core.records import (
    CARBOHYDRATES,
    RECORD_INTERVAL,
    Mask,
    PumpHistory,
    Timestamps,
    records_from_signals,
)
from bloodtwin_core.sources.azt1d import Azt1dSettings
from bloodtwin_core.sources.azt1d.files import BASAL, GLUCOSE, MILLIUNITS, FileRows, person_files, read_rows

HEAVY_BOLUS_PEOPLE: tuple[str, ...] = ("1", "3", "11", "14", "20")
"""They use 50 to 170 U of bolus a day, several times what the others use; report results with and without them."""

_LARGEST_TRUE_BASAL = 6.5
"""U/h. The largest true value published is 6.159; some values lost their decimal point, and 1433 means 1.433 U/h."""
_HOUR_EDGE = np.timedelta64(3 * 60, "s")
"""Rows nearer than this to a full hour may carry the neighbouring hour's basal: the hours' edges jitter by 2 min."""
_SAME_PHASE = np.timedelta64(30, "s")
"""A sensor reads every five minutes; readings of one sensor stay this close to its rhythm."""


@dataclass(frozen=True)
class Readings:
    """Glucose as read: times [reading] ascending, UTC datetime64[s]; glucose [reading] mg/dL."""

    times: Timestamps
    glucose: Floats


def histories(settings: DataSettings) -> Iterator[PumpHistory]:
    """The history of each person, by number; data.pump_ids are the numbers N of "Subject N".

    Raises SettingsError if data.root is not set, DataError if a file or person is not there or cannot be understood.
    """
    days_before_basal = settings.of(Azt1dSettings).days_before_basal
    for person, path in person_files(settings).items():
        yield person_history(
            person,
            path,
            settings.max_gap_hours,
            days_before_basal,
            CARBOHYDRATES in settings.extra_features,
        )


def person_history(
    person: str,
    path: Path,
    max_gap_hours: float,
    days_before_basal: bool = False,
    with_carbohydrates: bool = False,
) -> PumpHistory:
    """One person's records on the five-minute grid, from where basal is known or, to be learnt from only, from before.

    A reading is placed on the five minutes in which it falls. Where no glucose was read for more than max_gap_hours
    there are no records; within that the grid is complete and what was not read is NaN. Boluses of one timestamp and
    dose are one event, since rows stand repeatedly; different events in the same five minutes are added up. So are
    announced carbohydrates, which the records hold with with_carbohydrates.
    """
    rows = read_rows(path, with_carbohydrates)
    basal_hours, basal_rates = hourly_basal(rows.times, rows.basal)
    if len(basal_hours) == 0:
        todo = "Leave the person out (data.pump_ids)"
        raise DataError("the person has no basal at all", todo=todo, file=path, column=BASAL)
    readings = one_reading_per_record(_readings(rows.times, rows.glucose))
    places = _floor(readings.times)
    since_basal = int(np.searchsorted(places, basal_hours[0]))
    if since_basal == len(places):
        todo = "Leave the person out (data.pump_ids)"
        raise DataError("the person has no glucose since basal began", todo=todo, file=path, column=GLUCOSE)
    tested_from = places[since_basal]
    taken = slice(0 if days_before_basal else since_basal, None)
    places, glucose = places[taken], readings.glucose[taken]
    grid = _grid(places, max_gap_hours)
    on_grid = np.full(len(grid), np.nan)
    on_grid[np.searchsorted(grid, places)] = glucose
    basal = _looked_up(grid.astype("datetime64[h]").astype("datetime64[s]"), basal_hours, basal_rates)
    bolus = _sums_on(grid, rows.times, rows.bolus, rows.bolus > 0)
    extra = {CARBOHYDRATES: _announced_on(grid, rows)} if with_carbohydrates else {}
    records = records_from_signals(person, grid, on_grid, basal, bolus, extra)
    return PumpHistory(records, tested_from if days_before_basal else None)


def hourly_basal(times: Timestamps, basal: Floats) -> tuple[Timestamps, Floats]:
    """Hours [hour] on which a basal rate is known, and the rate [hour] (U/h): that of the clock hour before.

    times and basal are [row]; NaN where the row has no basal. Rows of a gap in glucose were published under the
    timestamp of the reading before or after it, so a timestamp that stands with several rates tells of none of them.
    """
    rates = np.where(basal > _LARGEST_TRUE_BASAL, basal / MILLIUNITS, basal)
    rows = pd.DataFrame({"time": times, "rate": rates}).dropna().drop_duplicates()
    rows = rows[~rows["time"].duplicated(keep=False)]
    hours = rows["time"].dt.floor("h")
    into_hour = rows["time"] - hours
    inner = (into_hour >= _HOUR_EDGE) & (into_hour < np.timedelta64(3600, "s") - _HOUR_EDGE)
    # The few rows that still disagree with the rest of their hour do not move its median.
    means = rows.loc[inner, "rate"].groupby(hours[inner]).median()
    averaged_over: Timestamps = means.index.to_numpy().astype("datetime64[s]")
    return averaged_over + np.timedelta64(3600, "s"), means.to_numpy(dtype=np.float64)


def one_reading_per_record(readings: Readings) -> Readings:
    """At most one reading in each five minutes, of one sensor as far as that can be told.

    Sensors overlap when one is changed, with different glucose at the same minute. The sensor that was followed so far
    is recognised by its five-minute rhythm, and among readings of the same moment by the glucose nearest to the last
    one; two sensors are never averaged. Of two readings of one sensor the later is kept.
    """
    places = _floor(readings.times)
    starts = np.flatnonzero(np.diff(places, prepend=places[:1] - RECORD_INTERVAL) > np.timedelta64(0, "s"))
    stops = np.append(starts[1:], len(places))
    kept = starts.copy()
    for index in np.flatnonzero(stops - starts > 1):
        rivals = np.arange(starts[index], stops[index])
        kept[index] = _same_sensor(readings, rivals, kept[index - 1] if index else rivals[0])
    return Readings(readings.times[kept], readings.glucose[kept])


def _same_sensor(readings: Readings, rivals: npt.NDArray[np.intp], last: np.intp) -> np.intp:
    """The rival reading that most likely is of the same sensor as reading `last`."""
    since = (readings.times[rivals] - readings.times[last]) % RECORD_INTERVAL
    in_rhythm = np.minimum(since, RECORD_INTERVAL - since) <= _SAME_PHASE
    if in_rhythm.any():
        rivals = rivals[in_rhythm]
    rivals = rivals[readings.times[rivals] == readings.times[rivals].max()]
    nearest: np.intp = rivals[np.argmin(np.abs(readings.glucose[rivals] - readings.glucose[last]))]
    return nearest


def _readings(times: Timestamps, glucose: Floats) -> Readings:
    read = ~np.isnan(glucose)
    order = np.argsort(times[read], kind="stable")
    return Readings(times[read][order], glucose[read][order])


def _floor(times: Timestamps) -> Timestamps:
    since = (times - np.datetime64(0, "s")) // RECORD_INTERVAL
    return np.datetime64(0, "s") + since * RECORD_INTERVAL


def _grid(places: Timestamps, max_gap_hours: float) -> Timestamps:
    """Every five minutes from the first to the last reading, except in gaps longer than max_gap_hours."""
    grid: Timestamps = np.arange(places[0], places[-1] + RECORD_INTERVAL, RECORD_INTERVAL)
    last = np.searchsorted(places, grid, side="right") - 1
    following = np.minimum(np.searchsorted(places, grid, side="left"), len(places) - 1)
    gap = places[following] - places[last]
    return grid[gap <= np.timedelta64(round(max_gap_hours * 3600), "s")]


def _looked_up(wanted: Timestamps, known: Timestamps, values: Floats) -> Floats:
    """The value at each wanted time [wanted], NaN where it is not among the known ones (ascending)."""
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, values[place], np.nan)


def _announced_on(grid: Timestamps, rows: FileRows) -> Floats:
    """Carbohydrates announced in each record's five minutes, g [record], NaN where they are unknown."""
    announced = (rows.carbohydrates > 0) & (rows.bolus > 0)
    grams = _sums_on(grid, rows.times, rows.carbohydrates, announced)
    heard = np.sort(_floor(rows.times[announced]))
    return np.where(lately(heard, grid), grams, np.nan)


def _sums_on(grid: Timestamps, times: Timestamps, amounts: Floats, which: Mask) -> Floats:
    """What was given or announced in each record's five minutes, [record], from the rows where which is true."""
    events = pd.DataFrame({"time": times[which], "amount": amounts[which]}).drop_duplicates()
    sums = events["amount"].groupby(_floor(events["time"].to_numpy().astype("datetime64[s]"))).sum()
    if sums.empty:
        return np.zeros(len(grid))
    return np.nan_to_num(_looked_up(grid, sums.index.to_numpy().astype("datetime64[s]"), sums.to_numpy(np.float64)))
