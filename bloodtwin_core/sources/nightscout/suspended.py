"""When the pump was suspended, by treatments and by the statuses that an app sends every five minutes."""

import numpy as np
import pandas as pd

from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.nightscout.delivered import pump_delivered
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.timeline import ENDLESS, Spans, joined, seconds, times_of, until_next

_STATUSES = (SiteKind.status_running, SiteKind.status_suspended)


def suspensions(rows: pd.DataFrame) -> Spans:
    """From each suspension until its time is over, the pump resumes, or it shows that it had resumed.

    It shows that by a temporary rate above 0, a bolus of its own, or a status that says so after one that said
    suspended. That it resumed may never be said (Trio #1148, nocturne #205). rows: in the order of time.
    """
    said = rows[rows["kind"].isin(_STATUSES)]
    suspended = (said["kind"] == SiteKind.status_suspended).to_numpy()
    times = times_of(said)
    turned = np.append(suspended[:1], np.diff(suspended.astype(np.int8)) != 0) if len(said) else suspended
    begun, over = times[turned & suspended], times[turned & ~suspended]
    delivered = pump_delivered(rows)
    ends = times_of(rows[(rows["kind"] == SiteKind.resumed) | _delivering(rows)])
    by_status = (begun, np.minimum(_next(np.sort(np.concatenate([over, delivered])), begun), _next(ends, begun)))
    return joined(_by_treatment(rows, np.sort(np.concatenate([delivered, over]))), by_status)


def _by_treatment(rows: pd.DataFrame, shown: Timestamps) -> Spans:
    """shown: when the pump showed that it runs, ascending."""
    lines = rows[_delivering(rows) | rows["kind"].isin((SiteKind.suspended, SiteKind.resumed))]
    begins = times_of(lines)
    following = np.minimum(until_next(begins), _next(shown, begins))
    own = np.where(lines["minutes"].to_numpy() > 0, begins + seconds(lines["minutes"]), ENDLESS)
    ends = np.minimum(own, following)
    real = (lines["kind"].to_numpy() == SiteKind.suspended) & (ends > begins)
    return begins[real], ends[real]


def _delivering(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Temporary rates above 0."""
    rate, share = rows["kind"] == SiteKind.temp_basal, rows["kind"] == SiteKind.temp_per_cent
    above = (rate & (rows["value"] > 0)) | (share & (rows["value"] > -100))
    return above & (rows["minutes"] > 0)


def _next(times: Timestamps, after: Timestamps) -> Timestamps:
    """The first of the times, ascending, that is later than each [after]; ENDLESS if there is none."""
    return np.append(times, ENDLESS)[np.searchsorted(times, after, side="right")]
