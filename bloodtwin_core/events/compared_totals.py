"""Stated insulin totals compared with what was imported: total by total, and by the week, which is what is judged.

The comparison stands in the header of a pump's split files, so that whoever reads these has the second opinion too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, PumpEvents
from bloodtwin_core.events.stated_totals import ESTIMATES, TotalOf
from bloodtwin_core.records import Timestamps
from bloodtwin_core.records.split_header import SplitHeader

HEADER_KEY = "stated_insulin"
"""The comment key of a split file under which the comparison of the pump's whole history stands."""
LARGEST_SHARE = 0.05
LARGEST_UNITS = 1.0
"""Over a week, imported insulin may differ by at most this share of what is stated and by this many U."""
DAYS_JUDGED = 7
_SECONDS_PER_HOUR = 3600.0
_PARTS = 6


@dataclass(frozen=True)
class ComparedTotal:
    """One total: start, UTC; hours that it adds up; U as the source states them and as imported.

    unknown_hours: how long of it the imported basal rate is unknown, so that all insulin cannot be compared.
    """

    start: np.datetime64
    hours: float
    kind: TotalOf
    stated: float
    imported: float
    unknown_hours: float

    @property
    def comparable(self) -> bool:
        """Whether everything that the total adds up was known."""
        return self.unknown_hours == 0


@dataclass(frozen=True)
class ComparedWeek:
    """The comparable totals of up to seven days from start, UTC, added up, U."""

    start: np.datetime64
    kind: TotalOf
    days: int
    stated: float
    imported: float

    @property
    def difference(self) -> float:
        """U imported beyond what is stated; below 0 where some are missing."""
        return self.imported - self.stated

    @property
    def share(self) -> float:
        """The difference as a share of what is stated."""
        return self.difference / self.stated if self.stated else float(np.sign(self.difference))

    @property
    def differs(self) -> bool:
        """Whether it is more than rounding and borders of days explain, or more than an estimate may be wrong by."""
        if self.kind in ESTIMATES:
            return abs(self.difference) > LARGEST_UNITS and abs(self.share) > ESTIMATES[self.kind]
        return abs(self.difference) > LARGEST_UNITS or (
            abs(self.share) > LARGEST_SHARE and abs(self.difference) > _rounding(self.days)
        )


@dataclass(frozen=True)
class ComparedTotals:
    """All totals of one pump, by kind and time."""

    totals: tuple[ComparedTotal, ...] = ()

    def __len__(self) -> int:
        return len(self.totals)

    def weeks(self) -> tuple[ComparedWeek, ...]:
        """Each kind's weeks, counted from its first comparable total, oldest first; weeks without any are left out."""
        return tuple(week for kind in TotalOf for week in _weeks([each for each in self.totals if each.kind == kind]))

    def text(self) -> str:
        """One line that from_text reads back."""
        return "; ".join(
            f"{each.start} {each.hours:g} {each.kind} {each.stated:.3f} {each.imported:.3f} {each.unknown_hours:.2f}"
            for each in self.totals
        )

    @classmethod
    def from_text(cls, text: str) -> "ComparedTotals":
        """Read text(); what this version does not understand is passed over."""
        return cls(tuple(total for part in text.split(";") if (total := _total_from(part.split())) is not None))


def compared_totals(events: PumpEvents) -> ComparedTotals:
    """What the source states beside the units in the events, in the same times."""
    stated = events.stated
    if not len(stated):
        return ComparedTotals()
    with_basal = np.isnan(stated.counted) & (stated.kinds != TotalOf.bolus)
    begun = _begun_between(events.bolus, stated.starts, stated.ends)
    delivered = _delivered_between(events.bolus, stated.starts, stated.ends)
    basal, unknown = _basal_between(events.basal, stated.starts, stated.ends)
    imported = np.select(
        [stated.kinds == TotalOf.bolus, stated.kinds == TotalOf.basal], [begun, basal], delivered + basal
    )
    imported = np.where(np.isnan(stated.counted), imported, stated.counted)
    hours = (stated.ends - stated.starts).astype("timedelta64[s]").astype(np.float64) / _SECONDS_PER_HOUR
    unknown = np.where(with_basal, unknown, 0.0)
    columns = zip(stated.starts, hours, stated.kinds, stated.units, imported, unknown, strict=True)
    return ComparedTotals(
        tuple(
            ComparedTotal(start, float(lasting), TotalOf(kind), float(said), float(imported_units), float(not_known))
            for start, lasting, kind, said, imported_units, not_known in columns
        )
    )


def read_compared_totals(header: SplitHeader) -> ComparedTotals:
    """The comparison of a pump's whole history, as the header of any of its split files states it."""
    return ComparedTotals.from_text(header.extra.get(HEADER_KEY, ""))


def _begun_between(bolus: BolusEvents, starts: Timestamps, ends: Timestamps) -> Floats:
    """U [span] of the boluses begun in each span."""
    until = np.append(0.0, np.cumsum(bolus.dose))
    between: Floats = until[np.searchsorted(bolus.times, ends)] - until[np.searchsorted(bolus.times, starts)]
    return between


def _delivered_between(bolus: BolusEvents, starts: Timestamps, ends: Timestamps) -> Floats:
    """U [span] of the boluses, each spread evenly over its minutes, that were delivered in each span."""
    begun = bolus.times.astype("datetime64[s]").astype(np.float64)
    lasting = np.maximum(bolus.minutes * 60.0, 1.0)
    edges = [moments.astype("datetime64[s]").astype(np.float64) for moments in (starts, ends)]
    return np.array(
        [
            (bolus.dose * np.clip((np.minimum(end, begun + lasting) - np.maximum(start, begun)) / lasting, 0, 1)).sum()
            for start, end in zip(*edges, strict=True)
        ],
        dtype=np.float64,
    )


def _basal_between(basal: BasalEvents, starts: Timestamps, ends: Timestamps) -> tuple[Floats, Floats]:
    """U [span] of basal insulin in each span, and hours [span] of it in which the rate is unknown."""
    times = basal.times.astype("datetime64[s]").astype(np.float64)
    edges = [moments.astype("datetime64[s]").astype(np.float64) for moments in (starts, ends)]
    units, unknown = np.empty(len(starts)), np.empty(len(starts))
    for place, (start, end) in enumerate(zip(*edges, strict=True)):
        first, last = np.searchsorted(times, start, side="right"), np.searchsorted(times, end)
        moments = np.concatenate([[start], times[first:last], [end]])
        rates = np.append(np.nan, basal.rate)[np.concatenate([[first], np.arange(first, last) + 1])]
        hours = np.diff(moments) / _SECONDS_PER_HOUR
        units[place] = (np.nan_to_num(rates) * hours).sum()
        unknown[place] = hours[np.isnan(rates)].sum()
    return units, unknown


def _weeks(totals: Sequence[ComparedTotal]) -> Iterator[ComparedWeek]:
    comparable = sorted((each for each in totals if each.comparable), key=lambda each: each.start)
    by_week: dict[int, list[ComparedTotal]] = {}
    for each in comparable:
        # Half a day more, since days are an hour shorter or longer where clocks change.
        days = (each.start - comparable[0].start + np.timedelta64(12, "h")) / np.timedelta64(1, "D")
        by_week.setdefault(int(days // DAYS_JUDGED), []).append(each)
    for week in by_week.values():
        yield ComparedWeek(
            week[0].start,
            week[0].kind,
            len(week),
            sum(each.stated for each in week),
            sum(each.imported for each in week),
        )


def _rounding(days: int) -> float:
    """U by which sources may round totals of so many days, to a tenth of a unit each, and a delivery at the border."""
    return 0.05 * days + 0.1


def _total_from(words: Sequence[str]) -> ComparedTotal | None:
    if len(words) != _PARTS or words[2] not in TotalOf.__members__:
        return None
    try:
        numbers = [float(words[place]) for place in (1, 3, 4, 5)]
        return ComparedTotal(np.datetime64(words[0], "s"), numbers[0], TotalOf(words[2]), *numbers[1:])
    except ValueError:
        return None
