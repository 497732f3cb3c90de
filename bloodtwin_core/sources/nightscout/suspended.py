"""When the pump was suspended, by treatments and by the statuses that an app sends every five minutes."""

import numpy as np

from bloodtwin_core.records import Mask, Timestamps
from bloodtwin_core.sources.nightscout.delivered import pump_delivered
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.site_rows import SiteRows
from bloodtwin_core.sources.nightscout.timeline import ENDLESS, Spans, joined, seconds, until_next

_STATUSES = (SiteKind.status_running, SiteKind.status_suspended)


def suspensions(rows: SiteRows) -> Spans:
    """From each suspension until its time is over, the pump resumes, or it shows that it had resumed.

    It shows that by a temporary rate above 0, a bolus of its own, or a status that says so after one that said
    suspended. That it resumed may never be said (Trio #1148, nocturne #205). rows: in the order of time.
    """
    said = rows.of_kind(*_STATUSES)
    suspended, times = said.are(SiteKind.status_suspended), said.times
    turned = np.append(suspended[:1], np.diff(suspended.astype(np.int8)) != 0) if len(said) else suspended
    begun, over = times[turned & suspended], times[turned & ~suspended]
    delivered = pump_delivered(rows)
    ends = rows.times[rows.are(SiteKind.resumed) | _delivering(rows)]
    by_status = (begun, np.minimum(_next(np.sort(np.concatenate([over, delivered])), begun), _next(ends, begun)))
    return joined(_by_treatment(rows, np.sort(np.concatenate([delivered, over]))), by_status)


def _by_treatment(rows: SiteRows, shown: Timestamps) -> Spans:
    """shown: when the pump showed that it runs, ascending."""
    lines = rows.chosen(_delivering(rows) | rows.are(SiteKind.suspended, SiteKind.resumed))
    begins = lines.times
    following = np.minimum(until_next(begins), _next(shown, begins))
    own = np.where(lines.minutes > 0, begins + seconds(lines.minutes), ENDLESS)
    ends = np.minimum(own, following)
    real = lines.are(SiteKind.suspended) & (ends > begins)
    return begins[real], ends[real]


def _delivering(rows: SiteRows) -> Mask:
    """Temporary rates above 0."""
    rate, share = rows.are(SiteKind.temp_basal), rows.are(SiteKind.temp_per_cent)
    above = (rate & (rows.value > 0)) | (share & (rows.value > -100))
    delivering: Mask = above & (rows.minutes > 0)
    return delivering


def _next(times: Timestamps, after: Timestamps) -> Timestamps:
    """The first of the times, ascending, that is later than each [after]; ENDLESS if there is none."""
    return np.append(times, ENDLESS)[np.searchsorted(times, after, side="right")]
