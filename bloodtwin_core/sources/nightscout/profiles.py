"""Basal rates of profiles: a rate for each time of day on the wearer's clock, and which profile was in force when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict

from bloodtwin_core.records import MINUTES_PER_DAY, Timestamps

Rates = npt.NDArray[np.float64]
_MINUTE = np.timedelta64(60, "s")


class Schedule(BaseModel):
    """Basal rates over a day: U/h from each minute of the day on, in a zone; the first step reaches back to 00:00."""

    model_config = ConfigDict(frozen=True)

    zone: str
    steps: tuple[tuple[int, float], ...]

    def rates(self, times: Timestamps) -> Rates:
        """U/h [time] at times in UTC. The wearer's clock decides, also in an hour that occurs twice or not at all."""
        local = pd.DatetimeIndex(times).tz_localize("UTC").tz_convert(self.zone)
        minutes = np.asarray(local.hour * 60 + local.minute)
        from_minute = np.array([minute for minute, _ in self.steps])
        rates = np.array([rate for _, rate in self.steps])
        step = np.maximum(np.searchsorted(from_minute, minutes, side="right") - 1, 0)
        found: Rates = rates[step]
        return found

    def shifted(self, per_cent: float, hours: float) -> "Schedule":
        """A percentage of the rates, and those of so many hours later."""
        back = round(hours * 60)
        steps = sorted(((minute - back) % MINUTES_PER_DAY, rate * per_cent / 100) for minute, rate in self.steps)
        if steps[0][0] > 0:
            steps.insert(0, (0, steps[-1][1]))
        return Schedule(zone=self.zone, steps=tuple(steps))


class Profile(BaseModel):
    """A document of the site: schedules by name, and the name of the one in force unless another is switched to."""

    model_config = ConfigDict(frozen=True)

    default: str
    schedules: dict[str, Schedule]


class Switch(BaseModel):
    """A switch to a schedule of the profile by name, or to one that the switch brings with it."""

    model_config = ConfigDict(frozen=True)

    name: str
    schedule: Schedule | None = None
    per_cent: float = 100.0
    hours: float = 0.0


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


def _changes(schedule: Schedule | None, begin: np.datetime64, end: np.datetime64) -> tuple[Timestamps, Rates]:
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

    def at(self, time: np.datetime64) -> Schedule | None:
        """The latest switch of the latest profile that is not over, else the profile's default; None before any."""
        begun = int(np.searchsorted(self._start_times, time, side="right"))
        if begun == 0:
            return None
        start = self._started[begun - 1]
        for switch in self._switches(start.time, time):
            schedule = switch.switch.schedule or start.profile.schedules.get(switch.switch.name)
            if schedule is not None:
                return schedule.shifted(switch.switch.per_cent, switch.switch.hours)
        return start.profile.schedules.get(start.profile.default)

    def _switches(self, since: np.datetime64, time: np.datetime64) -> Iterator[Switched]:
        """The switches that are not over, the latest first. A new profile ends the switches before it."""
        low = int(np.searchsorted(self._switch_times, since, side="left"))
        high = int(np.searchsorted(self._switch_times, time, side="right"))
        return (switch for switch in reversed(self._switched[low:high]) if not switch.end <= time)
