"""The events of a pump and its sensor, as every source hands them over: in UTC, irregular, sorted by time.

A source says what happened and when; what becomes of it on the five-minute grid is decided in binning.py alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats, Texts
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.stated_totals import StatedTotals
from bloodtwin_core.records import UNKNOWN_ZONE, Timestamps

LONGEST_NAME = 100
"""Characters kept of what a sensor is called: each name takes the memory of the longest."""
Chosen = npt.NDArray[np.bool_] | npt.NDArray[np.intp]


@dataclass(frozen=True)
class GlucoseEvents:
    """Sensor readings. Build with GlucoseEvents.of, which sorts.

    times: [event], UTC datetime64[s], ascending. glucose: float64 [event], mg/dL, finite. sensor: str [event], which
    device said so, "" where that is not known; readings of different sensors are never mixed while both are heard.
    """

    times: Timestamps
    glucose: Floats
    sensor: Texts

    @classmethod
    def of(cls, times: npt.ArrayLike, glucose: npt.ArrayLike, sensor: npt.ArrayLike = "") -> Self:
        """From anything array-like in any order; one sensor name may stand for all. Raises ValueError if not finite."""
        when, order = _sorted_times(times)
        readings = _as_floats(glucose, order)
        if not np.isfinite(readings).all():
            raise ValueError("a glucose event needs a finite reading; leave out what was not measured")
        names = np.broadcast_to(_names(sensor), when.shape)[order]
        return cls(when, readings, names)

    def __len__(self) -> int:
        return len(self.times)

    def chosen(self, which: Chosen) -> Self:
        """The events where a mask [event] is true, or of an ascending array of indexes."""
        return type(self)(self.times[which], self.glucose[which], self.sensor[which])


@dataclass(frozen=True)
class BasalEvents:
    """Changes of the delivered basal rate. Build with BasalEvents.of, which sorts.

    times: [event], UTC datetime64[s], ascending; of events at the same second the last counts. rate: float64 [event],
    U/h that holds from then until the next event; 0 while suspended, NaN where it is unknown from then on.
    """

    times: Timestamps
    rate: Floats

    @classmethod
    def of(cls, times: npt.ArrayLike, rate: npt.ArrayLike) -> Self:
        """From anything array-like in any order. Raises ValueError for a rate that is negative or infinite."""
        when, order = _sorted_times(times)
        rates = _as_floats(rate, order)
        if (rates < 0).any() or np.isinf(rates).any():
            raise ValueError("a basal rate must be 0 U/h or more, or NaN where it is unknown")
        return cls(when, rates)

    def __len__(self) -> int:
        return len(self.times)

    def chosen(self, which: Chosen) -> Self:
        """The events where a mask [event] is true, or of an ascending array of indexes."""
        return type(self)(self.times[which], self.rate[which])


@dataclass(frozen=True)
class BolusEvents:
    """Boluses as delivered. Build with BolusEvents.of, which sorts.

    times: [event], UTC datetime64[s], ascending, when delivery began. dose: float64 [event], U. minutes: float64
    [event], duration over which the dose is spread evenly; 0 means at once, which is how a normal bolus is taken.
    """

    times: Timestamps
    dose: Floats
    minutes: Floats

    @classmethod
    def of(cls, times: npt.ArrayLike, dose: npt.ArrayLike, minutes: npt.ArrayLike = 0.0) -> Self:
        """From anything array-like in any order. Raises ValueError for a dose or duration below 0 or not finite."""
        when, order = _sorted_times(times)
        doses, durations = _as_floats(dose, order), _as_floats(minutes, order)
        for values in (doses, durations):
            if (values < 0).any() or not np.isfinite(values).all():
                raise ValueError("a bolus needs a dose in U and a duration in minutes, both finite and not below 0")
        return cls(when, doses, durations)

    def __len__(self) -> int:
        return len(self.times)

    def chosen(self, which: Chosen) -> Self:
        """The events where a mask [event] is true, or of an ascending array of indexes."""
        return type(self)(self.times[which], self.dose[which], self.minutes[which])


@dataclass(frozen=True)
class AmountEvents:
    """Amounts of an extra feature, such as carbohydrates. Build with AmountEvents.of, which sorts.

    times: [event], UTC datetime64[s], ascending. amount: float64 [event], in the feature's unit; what falls into the
    five minutes of a record is summed there.
    """

    times: Timestamps
    amount: Floats

    @classmethod
    def of(cls, times: npt.ArrayLike, amount: npt.ArrayLike) -> Self:
        """From anything array-like in any order. Raises ValueError for an amount below 0 or not finite."""
        when, order = _sorted_times(times)
        amounts = _as_floats(amount, order)
        if (amounts < 0).any() or not np.isfinite(amounts).all():
            raise ValueError("an amount must be finite and not below 0; leave out what is not known")
        return cls(when, amounts)

    def __len__(self) -> int:
        return len(self.times)

    def chosen(self, which: Chosen) -> Self:
        """The events where a mask [event] is true, or of an ascending array of indexes."""
        return type(self)(self.times[which], self.amount[which])


@dataclass(frozen=True)
class PumpEvents:
    """All events of one pump and the sensors worn with it.

    repairs: what the reader of the source had to repair. extra: the events of extra features (data.extra_features) by
    the feature's name; nothing is known of one not there. stated: insulin totals that the source itself states.
    insulin_unknown: [moment], UTC datetime64[s]; nobody knows whether a bolus was given in the five minutes of the grid
    in which it lies. wearer_zone: as in PumpRecords, where the wearer lives. dates_are_shifted: whoever published the
    events moved all dates, so that they may lie in the future.
    """

    pump_id: str
    glucose: GlucoseEvents = field(default_factory=lambda: GlucoseEvents.of([], []))
    basal: BasalEvents = field(default_factory=lambda: BasalEvents.of([], []))
    bolus: BolusEvents = field(default_factory=lambda: BolusEvents.of([], []))
    repairs: Repairs = field(default_factory=Repairs)
    extra: Mapping[str, AmountEvents] = field(default_factory=dict)
    stated: StatedTotals = field(default_factory=StatedTotals)
    wearer_zone: str = UNKNOWN_ZONE
    insulin_unknown: Timestamps = field(default_factory=lambda: np.empty(0, dtype="datetime64[s]"))
    dates_are_shifted: bool = False

    @classmethod
    def empty(cls, pump_id: str) -> Self:
        """A pump of which nothing is known yet."""
        return cls(pump_id)

    def __len__(self) -> int:
        return len(self.glucose) + len(self.basal) + len(self.bolus) + sum(len(kind) for kind in self.extra.values())

    def with_extra_of(self, features: tuple[str, ...]) -> Self:
        """These events without those of extra features that are not asked for."""
        return replace(self, extra={name: events for name, events in self.extra.items() if name in features})

    def merged(self, *others: "PumpEvents") -> Self:
        """These events and the others, without exact repeats, which are counted. The pump id is this one's."""
        parts: list[PumpEvents] = [self, *others]
        names = dict.fromkeys(name for part in parts for name in part.extra)
        return replace(
            self,
            glucose=_joined([part.glucose for part in parts]),
            basal=_joined([part.basal for part in parts]),
            bolus=_joined([part.bolus for part in parts]),
            repairs=sum((part.repairs for part in parts), Repairs()),
            extra={name: _joined([part.extra[name] for part in parts if name in part.extra]) for name in names},
            stated=self.stated.joined([part.stated for part in others]),
            insulin_unknown=np.concatenate([part.insulin_unknown for part in parts]),
        ).without_repeats()

    def without_repeats(self) -> Self:
        """Without events that stand again with the same second and values; how many is added to repairs."""
        glucose, basal, bolus = _unrepeated(self.glucose), _unrepeated(self.basal), _unrepeated(self.bolus)
        extra = {name: _unrepeated(events) for name, events in self.extra.items()}
        kept = replace(self, glucose=glucose, basal=basal, bolus=bolus, extra=extra)
        if len(kept) == len(self):
            return self
        return replace(kept, repairs=self.repairs + Repairs.of(RepairKind.repeated_events, len(self) - len(kept)))


_Events = TypeVar("_Events", GlucoseEvents, BasalEvents, BolusEvents, AmountEvents)


def _columns(events: _Events) -> list[npt.NDArray[np.generic]]:
    return [getattr(events, name) for name in events.__dataclass_fields__]


def _joined(parts: list[_Events]) -> _Events:
    together = [np.concatenate(columns) for columns in zip(*(_columns(part) for part in parts), strict=True)]
    return type(parts[0]).of(*together)


def _unrepeated(events: _Events) -> _Events:
    if len(events) < 2:
        return events
    alike = np.zeros(len(events), dtype=np.int64)
    for column in _columns(events):
        values, place = np.unique(column, return_inverse=True)
        alike = np.unique(alike * len(values) + place, return_inverse=True)[1]
    _, last = np.unique(alike[::-1], return_index=True)
    return events.chosen(np.sort(len(events) - 1 - last))


def _names(sensor: npt.ArrayLike) -> Texts:
    """Names of sensors as text, each LONGEST_NAME characters at most."""
    given = np.asarray(sensor, dtype=None if isinstance(sensor, str | np.ndarray) else np.object_)
    if given.dtype.kind == "U":
        longest = max(given.dtype.itemsize // np.dtype("U1").itemsize, 1)
        return given.astype(f"U{min(longest, LONGEST_NAME)}")
    short: Texts = np.array([str(name)[:LONGEST_NAME] for name in given.ravel().tolist()], dtype=np.str_)
    return short.reshape(given.shape)


def _sorted_times(times: npt.ArrayLike) -> tuple[Timestamps, npt.NDArray[np.intp]]:
    when = np.asarray(times, dtype="datetime64[s]")
    if np.isnat(when).any():
        raise ValueError("an event needs a time")
    order = np.argsort(when, kind="stable")
    return when[order], order


def _as_floats(values: npt.ArrayLike, order: npt.NDArray[np.intp]) -> Floats:
    ordered: Floats = np.broadcast_to(np.asarray(values, dtype=np.float64), order.shape)[order]
    return ordered
