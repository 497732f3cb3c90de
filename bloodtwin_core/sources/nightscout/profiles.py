"""Basal rates of profiles: a rate for each time of day on the wearer's clock, and which profile was in force when."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import MINUTES_PER_DAY, Timestamps
from bloodtwin_core.records.clock import times_shown
from bloodtwin_core.sources.nightscout.zones import zone_meant

Rates = npt.NDArray[np.float64]
_MINUTE = np.timedelta64(60, "s")
_CHANGE_IN_NAME = re.compile(r"\s*(?:\([^()]*%[^()]*\)|@@@@@\d+)\s*$")
"""What apps and the site append to the name of a profile: Day (150%,2h), Day@@@@@1714564800000."""
_PLACES = 3


class BasalSchedule(BaseModel):
    """Basal rates over a day: U/h from each minute of the day on, in a zone; the first step reaches back to 00:00."""

    model_config = ConfigDict(frozen=True)

    zone: str
    steps: tuple[tuple[int, float], ...]

    def rates(self, times: Timestamps) -> Rates:
        """U/h [time] at times in UTC. The wearer's clock decides, also in an hour that occurs twice or not at all."""
        shown = times_shown(times, self.zone)
        minutes = (shown - shown.astype("datetime64[D]")) // _MINUTE
        from_minute = np.array([minute for minute, _ in self.steps])
        rates = np.array([rate for _, rate in self.steps])
        step = np.maximum(np.searchsorted(from_minute, minutes, side="right") - 1, 0)
        in_force: Rates = rates[step]
        return in_force

    def shifted(self, per_cent: float, hours: float) -> "BasalSchedule":
        """A percentage of the rates, so many hours later: what was for 06:00 is for 08:00 after a shift of 2 hours.

        AAPS takes at a time what the profile has for that time less the shift (its BlockExtension.kt).
        """
        later = round(hours * 60)
        whole = self.steps if self.steps[0][0] == 0 else ((0, self.steps[0][1]), *self.steps)
        steps = sorted(((minute + later) % MINUTES_PER_DAY, rate * per_cent / 100) for minute, rate in whole)
        if steps[0][0] > 0:
            steps.insert(0, (0, steps[-1][1]))
        return BasalSchedule(zone=self.zone, steps=tuple(steps))


class Profile(BaseModel):
    """A document of the site: schedules by name, and the name of the one in force unless another is switched to."""

    model_config = ConfigDict(frozen=True)

    default: str
    schedules: dict[str, BasalSchedule]


class Switch(BaseModel):
    """A switch to a schedule of the profile by name, or to one that the switch brings with it.

    utc_offset: minutes by which the wearer's clock was ahead of UTC, if that is said. of_aaps: made by AAPS, which
    guesses the zone of what it brings, and whose pump goes on with it when the site is given another profile.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    schedule: BasalSchedule | None = None
    per_cent: float = 100.0
    hours: float = 0.0
    utc_offset: int | None = None
    of_aaps: bool = False


@dataclass(frozen=True)
class Started:
    """A profile, from a time on."""

    time: np.datetime64
    profile: Profile


@dataclass(frozen=True)
class Switched:
    """A switch, from a time on, for some minutes or for good (0)."""

    time: np.datetime64
    minutes: float
    switch: Switch

    @property
    def end(self) -> np.datetime64:
        """When it ends; never is NaT."""
        return self.time + round(self.minutes * 60) * np.timedelta64(1, "s") if self.minutes else np.datetime64("NaT")


def profile_basal(
    started: Sequence[Started], switched: Sequence[Switched], first: np.datetime64, last: np.datetime64
) -> tuple[Timestamps, Rates]:
    """When the profile's basal rate changed between first and last, and to what, U/h; NaN before the first profile.

    started and switched are in the order of time.
    """
    borders = [start.time for start in started] + [time for switch in switched for time in (switch.time, switch.end)]
    inside = {first, last, *(border for border in borders if first < border < last)}
    force = _Force(started, switched)
    pieces = [_changes(force.at(begin), begin, end) for begin, end in pairwise(sorted(inside))]
    if not pieces:
        return np.array([], dtype="datetime64[s]"), np.array([])
    return np.concatenate([times for times, _ in pieces]), np.concatenate([rates for _, rates in pieces])


def unknown_switches(started: Sequence[Started], switched: Sequence[Switched]) -> int:
    """How many switches name a profile that the site does not have, and bring none: nothing tells what they put in
    force."""
    times = np.array([start.time for start in started], dtype="datetime64[s]")
    begun = [int(np.searchsorted(times, switch.time, side="right")) for switch in switched]
    return sum(
        switch.switch.schedule is None and _named(switch.switch.name, started[place - 1] if place else None) is None
        for switch, place in zip(switched, begun, strict=True)
    )


def _changes(schedule: BasalSchedule | None, begin: np.datetime64, end: np.datetime64) -> tuple[Timestamps, Rates]:
    """The changes of one schedule from begin up to, not including, end; begin itself is always one."""
    if schedule is None:
        return np.array([begin], dtype="datetime64[s]"), np.array([np.nan])
    next_minute = begin.astype("datetime64[m]").astype("datetime64[s]") + _MINUTE
    times = np.concatenate([[begin], np.arange(next_minute, end, _MINUTE)])
    rates = schedule.rates(times)
    changed = np.append(True, np.diff(rates) != 0)
    return times[changed], rates[changed]


class _Force:
    """Which schedule is in force at a time."""

    def __init__(self, started: Sequence[Started], switched: Sequence[Switched]) -> None:
        self._started, self._switched = started, switched
        self._start_times = np.array([start.time for start in started], dtype="datetime64[s]")
        self._switch_times = np.array([switch.time for switch in switched], dtype="datetime64[s]")

    def at(self, time: np.datetime64) -> BasalSchedule | None:
        """The latest switch that is not over, else the default of the latest profile; None before any."""
        begun = int(np.searchsorted(self._start_times, time, side="right"))
        start = self._started[begun - 1] if begun else None
        for switch in self._switches(start, time):
            if (schedule := _switched_to(switch, start)) is not None:
                return schedule
        return start.profile.schedules.get(start.profile.default) if start else None

    def _switches(self, start: Started | None, time: np.datetime64) -> Iterator[Switched]:
        """The switches that are not over, the latest first.

        A new profile ends the switches before it, as on the site's own pages (lib/profilefunctions.js), but not what a
        pump runs on AAPS's word: AAPS uploads a profile that was edited, and runs it from the next switch on.
        """
        high = int(np.searchsorted(self._switch_times, time, side="right"))
        for switch in reversed(self._switched[:high]):
            lasting = switch.switch.of_aaps and switch.switch.schedule is not None
            if start is not None and switch.time < start.time and not lasting:
                continue
            if not switch.end <= time:
                yield switch


def _switched_to(switched: Switched, start: Started | None) -> BasalSchedule | None:
    """The schedule that a switch puts in force; None if nothing tells what it is."""
    switch = switched.switch
    named = _named(switch.name, start)
    if switch.schedule is None:
        return named.shifted(switch.per_cent, switch.hours) if named else None
    default = start.profile.schedules.get(start.profile.default) if start else None
    site = next((known.zone for known in (named, default) if known), "")
    zone = zone_meant(switch.schedule.zone, site, switched.time, switch.utc_offset, guessed=switch.of_aaps)
    if not zone:
        raise SettingsError(
            "data.nightscout.time_zone is not set. Name the zone of the profile that a Profile Switch brings without "
            "naming one, such as Europe/Berlin or America/New_York"
        )
    changed = named.shifted(switch.per_cent, switch.hours) if named else None
    # Builds of AAPS from 2021 brought what the percentage and shift had already been applied to.
    is_changed = changed is not None and changed != named and _equal(switch.schedule, changed)
    schedule = switch.schedule if is_changed else switch.schedule.shifted(switch.per_cent, switch.hours)
    return BasalSchedule(zone=zone, steps=schedule.steps)


def _named(name: str, start: Started | None) -> BasalSchedule | None:
    """The site's own schedule of a name, also without what was appended to the name."""
    if start is None:
        return None
    return start.profile.schedules.get(name) or start.profile.schedules.get(_CHANGE_IN_NAME.sub("", name))


def _equal(one: BasalSchedule, other: BasalSchedule) -> bool:
    return [(minute, round(rate, _PLACES)) for minute, rate in one.steps] == [
        (minute, round(rate, _PLACES)) for minute, rate in other.steps
    ]
