"""Basal from a site's rows: the profile's rates, with temporary rates and suspensions laid over them."""

from collections.abc import Sequence

import numpy as np

from bloodtwin_core.common.decimals import number_or_nan
from bloodtwin_core.events.kinds import BasalEvents
from bloodtwin_core.events.silence import LONGEST_SILENCE, held
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.profiles import (
    Profile,
    Rates,
    Started,
    Switch,
    Switched,
    profile_basal,
    unknown_switches,
)
from bloodtwin_core.sources.nightscout.site_rows import SiteRows
from bloodtwin_core.sources.nightscout.suspended import suspensions
from bloodtwin_core.sources.nightscout.timeline import Spans, seconds, until_next, within

_SECOND = np.timedelta64(1, "s")
_DAY = np.timedelta64(24 * 3600, "s")


def basal_events(rows: SiteRows, profiles: SiteRows, switches: SiteRows) -> BasalEvents:
    """What was delivered besides boluses: 0 while suspended, else the temporary rate, else that of the profile.

    NaN before the first profile, and in long silences of the site (see held), through which a profile would go on. A
    rate that lasts for longer than a day is said again every day while the site is heard: readings show that it is
    alive, and it would have told of a change. rows, profiles, switches (rows, older ones too): in UTC, in the order of
    time. No profiles: only temporary rates, suspensions and switches that bring their profile are known.
    """
    if not len(rows):
        return BasalEvents.of([], [])
    heard = rows.times
    temporary, added = _laid_over(rows, SiteKind.temp_basal), _laid_over(rows, SiteKind.temp_per_cent)
    suspended = suspensions(rows)
    steps, step_rates = profile_basal(_started(profiles), _switched(switches), heard[0], heard[-1] + _SECOND)
    again = heard[1:][np.diff(heard) > LONGEST_SILENCE]
    edges = [steps, again, *(edge for spans in (temporary.spans, added.spans, suspended) for edge in spans)]
    times = _heard_at(_said_daily(np.unique(np.concatenate(edges)), heard), heard)
    rates = _at(steps, step_rates, times)
    whole = np.maximum(1 + _at(added.spans[0], added.values, times) / 100, 0)
    came_to = _at(added.spans[0], added.known, times)
    rates = np.where(within(added.spans, times), np.where(np.isnan(rates), came_to, rates * whole), rates)
    rates = np.where(within(temporary.spans, times), _at(temporary.spans[0], temporary.values, times), rates)
    rates = np.where(within(suspended, times), 0.0, rates)
    return held(BasalEvents.of(times, rates), heard, heard[-1])


def switches_without_profile(profiles: SiteRows, switches: SiteRows) -> int:
    """How many switches name a profile that the site does not have. profiles, switches: in the order of time."""
    return unknown_switches(_started(profiles), _switched(switches))


def zone_in_force(profiles: SiteRows, stated: str) -> str:
    """The zone of the newest profile, where the wearer lives now; stated (data.nightscout.time_zone) without any.

    profiles: in the order of time.
    """
    started = _started(profiles)
    newest = started[-1].profile if started else None
    schedules = newest.schedules if newest else {}
    schedule = schedules.get(newest.default if newest else "") or next(iter(schedules.values()), None)
    return schedule.zone if schedule else stated


def _said_daily(times: Timestamps, heard: Timestamps) -> Timestamps:
    """The times, ascending, and where the next is more than a day later, those of every day between."""
    inside = times[(times >= heard[0]) & (times <= heard[-1])]
    days = np.maximum((np.diff(np.append(inside, heard[-1:])) - _SECOND) // _DAY, 0).astype(np.int64)
    which = np.repeat(np.arange(len(inside)), days)
    number = np.arange(len(which)) - np.repeat(np.cumsum(days) - days, days) + 1
    return np.unique(np.concatenate([inside, inside[which] + number * _DAY]))


def _heard_at(times: Timestamps, heard: Timestamps) -> Timestamps:
    """The times before which something was heard within LONGEST_SILENCE."""
    return times[times - heard[np.searchsorted(heard, times, side="right") - 1] < LONGEST_SILENCE]


class _LaidOver:
    """Temporary rates of one kind: spans, their values, and the rates in U/h that they are known to come to."""

    def __init__(self, spans: Spans, values: Rates, known: Rates) -> None:
        self.spans, self.values, self.known = spans, values, known


def _laid_over(rows: SiteRows, kind: SiteKind) -> _LaidOver:
    """The spans of temporary rates of a kind, each cut short by the next of any kind, and their values."""
    lines = rows.of_kind(SiteKind.temp_basal, SiteKind.temp_per_cent)
    begins = lines.times
    ends = np.minimum(begins + seconds(lines.minutes), until_next(begins))
    real = lines.are(kind) & (ends > begins)
    known = np.array([number_or_nan(text) for text in lines.detail[real]], dtype=np.float64)
    return _LaidOver((begins[real], ends[real]), lines.value[real], known)


def _at(begins: Timestamps, values: Rates, times: Timestamps) -> Rates:
    """The value [time] that began last; NaN before the first."""
    index = np.searchsorted(begins, times, side="right") - 1
    last_begun: Rates = np.where(index < 0, np.nan, np.append(values, np.nan)[index])
    return last_begun


def _started(profiles: SiteRows) -> Sequence[Started]:
    of_profiles = profiles.of_kind(SiteKind.profile)
    return [
        Started(time, Profile.model_validate_json(text))
        for time, text in zip(of_profiles.times, of_profiles.detail, strict=True)
    ]


def _switched(rows: SiteRows) -> Sequence[Switched]:
    of_switches = rows.of_kind(SiteKind.profile_switch)
    return [
        Switched(time, float(minutes), Switch.model_validate_json(text))
        for time, minutes, text in zip(of_switches.times, of_switches.minutes, of_switches.detail, strict=True)
    ]
