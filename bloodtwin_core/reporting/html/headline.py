"""The figures that the report's opening speaks of, apart from how they were measured.

All are of available test windows, in mg/dL and minutes; shares lie between 0 and 1. Words that name a range or a
target are in the unit of the headline.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bloodtwin_core.records.glucose_units import GlucoseUnit


@dataclass(frozen=True)
class Ahead:
    """Forecasts so many minutes ahead, AT that moment.

    persistence is the MAE of the last reading, beside those of the other baselines by their names.
    skill_interval is the 95 % confidence interval of mae / persistence. near is the share of forecasts within 20 mg/dL
    or 20 % of the reading, whichever is more; harmless the share in zones A and B of the Parkes error grid; unseen that
    in zone D of Clarke's, where a low or a high goes unseen, and persistence_unseen the same of the last reading.
    """

    minutes: int
    mae: float
    persistence: float
    beside: Mapping[str, float] = field(default_factory=dict)
    skill_interval: tuple[float, float] | None = None
    near: float | None = None
    harmless: float | None = None
    unseen: float | None = None
    persistence_unseen: float | None = None

    @property
    def beats_persistence(self) -> bool:
        """Whether it errs less than the last reading, beyond what chance explains where an interval says so."""
        return self.mae < self.persistence and (self.skill_interval is None or self.skill_interval[1] < 1.0)


@dataclass(frozen=True)
class Where:
    """Errors AT the farthest horizon that has a target on one group of windows: place reads after 'it errs most'."""

    place: str
    mae: float
    persistence: float | None = None

    @property
    def worse_than_persistence(self) -> bool:
        """Whether the last reading errs less there."""
        return self.persistence is not None and self.mae > self.persistence


@dataclass(frozen=True)
class Warnings:
    """How well events were seen coming: what names one, such as a low, where says what counts as one.

    Shares and lead are None without events. missed counts the events that no alarm announced, seen is the share of the
    others and seen_interval its 95 % confidence interval.
    """

    what: str
    where: str
    events: int
    missed: int = 0
    seen: float | None = None
    seen_interval: tuple[float, float] | None = None
    false_alarms_per_day: float | None = None
    lead_minutes: float | None = None


@dataclass(frozen=True)
class Bands:
    """Share of readings within the 80 % band: the least and the most over the steps, and in the worst glucose range."""

    least: float
    most: float
    worst_range: str | None = None
    in_worst_range: float | None = None


@dataclass(frozen=True)
class Headline:
    """Everything that the opening says.

    days counts days of single pumps, unseen_people the tested pumps that training had nothing of. virtual: the wearers
    were simulated. missed names targets that were not met on complete windows, as in 'MAE at 60 minutes below 20 mg/dL
    (20.94)'. low_bias is the mean of forecast minus reading where the reading was under 70 mg/dL. unit is the readers'.
    """

    windows: int
    days: int
    pumps: int
    unseen_people: int = 0
    virtual: bool = False
    ahead: tuple[Ahead, ...] = ()
    missed: tuple[str, ...] = ()
    worst: tuple[Where, ...] = ()
    low_bias: float | None = None
    lows: Warnings | None = None
    bands: Bands | None = None
    unit: GlucoseUnit = GlucoseUnit.mg_dl
