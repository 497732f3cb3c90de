"""The pump's own clock in UTC.

A pump shows local time without saying which, and does not know of daylight saving: its wearer sets it, often days late,
and on journeys. The log numbers its events in the order in which they were written and says by how much the clock was
set, so that between two settings the clock differs from UTC by a constant.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import Timestamps

ZONE_STEP_SECONDS = 30 * 60
"""Settings of the clock are rounded to half hours: smaller ones mend its drift, of which UTC knows nothing."""
Seconds = npt.NDArray[np.int64]


def utc_of(shown: Timestamps, set_forward: Seconds, zone: str) -> tuple[Timestamps, Repairs]:
    """UTC of the times that the clock showed.

    shown: [event], in the order of the log. set_forward: seconds [event] by which the clock had been set forward, all
    settings up to each event together; see total_settings. The constant that remains is the one by which most events
    fall on the zone's legal time, so that a change of daylight saving that was set late is taken as it was. A clock
    that was never set is taken to have shown legal time throughout.
    """
    if not len(shown):
        return shown, Repairs()
    legal = _legal_offsets(shown, zone)
    offset = _most_frequent(legal - set_forward) + set_forward if set_forward.any() else legal
    utc: Timestamps = shown - offset.astype("timedelta64[s]")
    return utc, Repairs.of(RepairKind.clock_shifted_events, int((offset != legal).sum()))


def total_settings(log_ids: npt.NDArray[np.str_], setting_ids: npt.NDArray[np.str_], seconds: Seconds) -> Seconds:
    """Seconds [event] by which the clock had been set forward when each event of the log was written.

    log_ids: [event] and setting_ids: [setting], ascending in the order of writing. seconds: [setting].
    """
    rounded = np.rint(seconds / ZONE_STEP_SECONDS).astype(np.int64) * ZONE_STEP_SECONDS
    after = np.concatenate([[0], np.cumsum(rounded)])
    totals: Seconds = after[np.searchsorted(setting_ids, log_ids)]
    return totals


def _legal_offsets(shown: Timestamps, zone: str) -> Seconds:
    """Seconds by which legal time is ahead of UTC when a clock on the wall shows these times, in the log's order."""
    local = pd.DatetimeIndex(shown)
    # An hour that does not exist is moved on by an hour; the offset is then that of before the change.
    skipped = pd.Timedelta(hours=1)
    twice = np.asarray(local.tz_localize(zone, ambiguous="NaT", nonexistent=skipped).isna())
    utc = local.tz_localize(zone, ambiguous=_is_first(shown, twice), nonexistent=skipped).tz_convert(None)
    seconds: Seconds = (local.to_numpy() - utc.to_numpy()).astype("timedelta64[s]").astype(np.int64)
    return seconds


def _is_first(shown: Timestamps, twice: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether a time in an hour that occurs twice is meant the first time: until the log comes back in it."""
    first = np.ones(len(shown), dtype=bool)
    days = shown.astype("datetime64[D]")
    for day in np.unique(days[twice]):
        hour = np.flatnonzero(twice & (days == day))
        back = np.maximum.accumulate(shown[hour]) - shown[hour] > np.timedelta64(ZONE_STEP_SECONDS, "s")
        first[hour] = ~np.logical_or.accumulate(back)
    return first


def _most_frequent(values: Seconds) -> int:
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()])
