"""Basal and boluses from a site's rows: the profile's rates, with temporary rates and suspensions laid over them."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.events.kinds import BasalEvents, BolusEvents
from bloodtwin_core.events.silence import LONGEST_SILENCE, held
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.profiles import Profile, Rates, Started, Switch, Switched, profile_basal

_ENDLESS = np.datetime64("2200-01-01T00:00:00", "s")
_SECOND = np.timedelta64(1, "s")
Spans = tuple[Timestamps, Timestamps]
"""Beginnings and ends [span], the end not included; ascending and apart from each other."""


def bolus_events(rows: pd.DataFrame) -> BolusEvents:
    """Every bolus, at once or spread over its minutes. rows: in UTC."""
    boluses = rows[rows["kind"] == SiteKind.bolus]
    return BolusEvents.of(_times(boluses), boluses["value"], boluses["minutes"])


def basal_events(rows: pd.DataFrame, profiles: pd.DataFrame) -> BasalEvents:
    """What was delivered besides boluses: 0 while suspended, else the temporary rate, else that of the profile.

    NaN before the first profile, and in long silences of the site (see held), through which a profile would go on.
    rows, profiles: in UTC, in the order of time. No profiles: only temporary rates and suspensions are known.
    """
    if not len(rows):
        return BasalEvents.of([], [])
    heard = np.sort(_times(rows))
    temporary, added = _laid_over(rows, SiteKind.temp_basal), _laid_over(rows, SiteKind.temp_per_cent)
    suspended = _suspensions(rows)
    steps, step_rates = profile_basal(_started(profiles), _switched(rows), heard[0], heard[-1] + _SECOND)
    again = heard[1:][np.diff(heard) > LONGEST_SILENCE]
    edges = [steps, again, *(edge for spans in (temporary[0], added[0], suspended) for edge in spans)]
    times = np.unique(np.concatenate(edges))
    times = times[(times >= heard[0]) & (times <= heard[-1])]
    times = times[times - heard[np.searchsorted(heard, times, side="right") - 1] < LONGEST_SILENCE]
    rates = _at(steps, step_rates, times)
    rates = np.where(
        _within(added[0], times), rates * np.maximum(1 + _at(added[0][0], added[1], times) / 100, 0), rates
    )
    rates = np.where(_within(temporary[0], times), _at(temporary[0][0], temporary[1], times), rates)
    rates = np.where(_within(suspended, times), 0.0, rates)
    return held(BasalEvents.of(times, rates), heard, heard[-1])


def zone_in_force(profiles: pd.DataFrame, stated: str) -> str:
    """The zone of the newest profile, where the wearer lives now; stated (data.nightscout.time_zone) without any.

    profiles: in the order of time.
    """
    started = _started(profiles)
    newest = started[-1].profile if started else None
    schedule = newest.schedules.get(newest.default) if newest else None
    return schedule.zone if schedule else stated


def _laid_over(rows: pd.DataFrame, kind: SiteKind) -> tuple[Spans, Rates]:
    """The spans of temporary rates of a kind, each cut short by the next of any kind, and their values."""
    lines = rows[rows["kind"].isin((SiteKind.temp_basal, SiteKind.temp_per_cent))]
    begins = _times(lines)
    asked_ends = begins + np.rint(lines["minutes"].to_numpy() * 60).astype("timedelta64[s]")
    ends = np.minimum(asked_ends, np.append(begins[1:], _ENDLESS)) if len(begins) else begins
    real = (lines["kind"].to_numpy() == kind) & (ends > begins)
    return (begins[real], ends[real]), lines["value"].to_numpy(dtype=np.float64)[real]


def _suspensions(rows: pd.DataFrame) -> Spans:
    """From each suspension until its time is over, the pump resumes, or a temporary rate shows that it had."""
    running = rows["kind"].isin((SiteKind.temp_basal, SiteKind.temp_per_cent)) & (rows["minutes"] > 0)
    lines = rows[running | rows["kind"].isin((SiteKind.suspended, SiteKind.resumed))]
    begins = _times(lines)
    following = np.append(begins[1:], _ENDLESS) if len(begins) else begins
    minutes = lines["minutes"].to_numpy(dtype=np.float64)
    own = begins + np.rint(minutes * 60).astype("timedelta64[s]")
    ends = np.where(minutes > 0, np.minimum(own, following), following)
    real = (lines["kind"].to_numpy() == SiteKind.suspended) & (ends > begins)
    return begins[real], ends[real]


def _at(begins: Timestamps, values: Rates, times: Timestamps) -> Rates:
    """The value [time] that began last; NaN before the first."""
    index = np.searchsorted(begins, times, side="right") - 1
    found: Rates = np.where(index < 0, np.nan, np.append(values, np.nan)[index])
    return found


def _within(spans: Spans, times: Timestamps) -> npt.NDArray[np.bool_]:
    begins, ends = spans
    index = np.searchsorted(begins, times, side="right") - 1
    inside: npt.NDArray[np.bool_] = (index >= 0) & (times < np.append(ends, times[:1])[index])
    return inside


def _started(profiles: pd.DataFrame) -> Sequence[Started]:
    return [Started(time, Profile.model_validate_json(text)) for time, _, text in _lines(profiles, SiteKind.profile)]


def _switched(rows: pd.DataFrame) -> Sequence[Switched]:
    return [
        Switched(time, minutes, Switch.model_validate_json(text))
        for time, minutes, text in _lines(rows, SiteKind.profile_switch)
    ]


def _lines(rows: pd.DataFrame, kind: SiteKind) -> Iterator[tuple[np.datetime64, float, str]]:
    lines = rows[rows["kind"] == kind]
    return zip(_times(lines), lines["minutes"], lines["detail"], strict=True)


def _times(rows: pd.DataFrame) -> Timestamps:
    return rows["time"].to_numpy(dtype="datetime64[s]")
