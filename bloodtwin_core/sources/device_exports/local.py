"""What a vendor's export says, still in local wall time and in the order in which the device wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.events.stated_totals import TotalOf
from bloodtwin_core.records import Timestamps

SENSOR_LOW, SENSOR_HIGH = 40.0, 400.0
"""mg/dL; the range that Dexcom and Guardian sensors report, https://www.dexcom.com/guides and MiniMed's user guides."""
LIBRE_HIGH = 500.0
"""mg/dL; the top of the range of FreeStyle Libre sensors, whose bottom is SENSOR_LOW."""
BEYOND = 1.0
"""mg/dL; how far outside its range a reading is put that the sensor only calls low or high, as cgm-format does."""


def _no_times() -> Timestamps:
    return np.empty(0, dtype="datetime64[s]")


def _no_values() -> Floats:
    return np.empty(0)


def _no_names() -> npt.NDArray[np.object_]:
    return np.empty(0, dtype=object)


@dataclass(frozen=True)
class LocalGlucose:
    """times [event] local wall time, datetime64[s]; glucose [event] mg/dL; sensor [event], "" if not told."""

    times: Timestamps = field(default_factory=_no_times)
    glucose: Floats = field(default_factory=_no_values)
    sensor: npt.NDArray[np.object_] = field(default_factory=_no_names)


@dataclass(frozen=True)
class LocalBasal:
    """times [event]; rate [event] U/h from then on, NaN from where it is not known."""

    times: Timestamps = field(default_factory=_no_times)
    rate: Floats = field(default_factory=_no_values)


@dataclass(frozen=True)
class LocalBolus:
    """times [event] start of delivery; dose [event] U; minutes [event] over which it was delivered."""

    times: Timestamps = field(default_factory=_no_times)
    dose: Floats = field(default_factory=_no_values)
    minutes: Floats = field(default_factory=_no_values)


@dataclass(frozen=True)
class LocalCarbohydrates:
    """times [event] of an announcement; grams [event], g above 0."""

    times: Timestamps = field(default_factory=_no_times)
    grams: Floats = field(default_factory=_no_values)


@dataclass(frozen=True)
class LocalTotals:
    """days [day] local midnights, each beginning a day; units [day] U that the export states for it; of what."""

    days: Timestamps
    units: Floats
    kind: TotalOf


@dataclass(frozen=True)
class LocalEvents:
    """One export: of every kind the lists in it, each in the order in which its device recorded it.

    heard: the times [row] at which the pump wrote anything to its log, one list a log. stated: what the export itself
    says was delivered. repairs: what had to be left out. clock: which device's clock wrote the times, by a name that
    its other exports have too; empty for one of which there is no other.
    """

    glucose: tuple[LocalGlucose, ...] = ()
    basal: tuple[LocalBasal, ...] = ()
    bolus: tuple[LocalBolus, ...] = ()
    heard: tuple[Timestamps, ...] = ()
    carbohydrates: tuple[LocalCarbohydrates, ...] = ()
    stated: tuple[LocalTotals, ...] = ()
    repairs: Repairs = field(default_factory=Repairs)
    clock: str = ""

    def timed(self) -> list[Timestamps]:
        """The times of every list that a clock wrote, datetime64[s] local."""
        lists = (self.glucose, self.basal, self.bolus, self.carbohydrates)
        return [each.times for kind in lists for each in kind] + list(self.heard)


Local = TypeVar("Local", LocalGlucose, LocalBasal, LocalBolus)


def joined(kind: type[Local], parts: Sequence[Local]) -> Local:
    """Stretches of one list, one after the other."""
    if not parts:
        return kind()
    names = kind.__dataclass_fields__
    return kind(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def with_changes(basal: LocalBasal, times: Timestamps, rates: Floats) -> LocalBasal:
    """The sorted rates with further changes at their places; of two at the same time the further one counts."""
    when = np.concatenate([basal.times, times])
    order = np.argsort(when, kind="stable")
    return LocalBasal(when[order], np.concatenate([basal.rate, rates])[order])


def rate_at(basal: LocalBasal, times: Timestamps) -> Floats:
    """The rate in force at times [time], U/h, of sorted rates; NaN before the first."""
    return np.append(np.nan, basal.rate)[np.searchsorted(basal.times, times, side="right")]
