"""Insulin totals that a source itself states, beside the units that were imported for the same time.

They are a second opinion on an import: whatever reading a source lost, doubled or took for something else shows as a
difference, day by day. A source states totals in PumpEvents.stated; nothing else has to be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import Timestamps

Kinds = npt.NDArray[np.object_]


class TotalOf(StrEnum):
    """What a total adds up."""

    all_insulin = "all_insulin"
    bolus = "bolus"
    basal = "basal"
    reservoir = "reservoir"
    """All insulin, as the reservoir of the pump fell."""
    on_board = "on_board"
    """Larger boluses, as the insulin on board rose."""


WORDS = {
    TotalOf.all_insulin: "all insulin",
    TotalOf.bolus: "boluses",
    TotalOf.basal: "basal",
    TotalOf.reservoir: "all insulin, as the reservoir fell",
    TotalOf.on_board: "larger boluses, as insulin on board rose",
}
"""What a total adds up, in words."""
ESTIMATES = {TotalOf.reservoir: 0.05, TotalOf.on_board: 0.2}
"""What no total tells but something that follows from it, and by which share it may be wrong: a reservoir is told in
steps of up to a unit, and insulin on board falls while it rises."""


def _no_times() -> Timestamps:
    return np.empty(0, dtype="datetime64[s]")


@dataclass(frozen=True)
class StatedTotals:
    """Totals as the source states them. Build with StatedTotals.of.

    starts, ends: [total], UTC datetime64[s], the time it adds up, mostly a local day. units: [total], U.
    kinds: [total], a TotalOf. counted: [total], U that the source itself counted among the events for it; NaN where
    that is all that lies in the time.
    """

    starts: Timestamps = field(default_factory=_no_times)
    ends: Timestamps = field(default_factory=_no_times)
    units: Floats = field(default_factory=lambda: np.empty(0))
    kinds: Kinds = field(default_factory=lambda: np.empty(0, dtype=object))
    counted: Floats = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(
        cls, starts: Timestamps, ends: Timestamps, units: Floats, kind: TotalOf, counted: Floats | None = None
    ) -> Self:
        """Totals of one kind."""
        told = np.full(len(starts), np.nan) if counted is None else counted
        return cls(starts, ends, units, np.full(len(starts), kind, dtype=object), told)

    def __len__(self) -> int:
        return len(self.starts)

    def chosen(self, which: npt.NDArray[np.bool_ | np.intp]) -> Self:
        """The totals where a mask [total] is true, or those at these places."""
        return type(self)(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def joined(self, others: Sequence["StatedTotals"]) -> Self:
        """These and others, sorted; of two for the same time the larger, since an export may hold a part of a day."""
        parts: list[StatedTotals] = [self, *others]
        names = self.__dataclass_fields__
        together = type(self)(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
        kinds = together.kinds.astype(np.str_)
        order = np.lexsort((together.units, kinds, together.ends, together.starts))
        last = np.ones(len(order), dtype=bool)
        last[:-1] = False
        for column in (together.starts, together.ends, kinds):
            last[:-1] |= column[order][1:] != column[order][:-1]
        return together.chosen(order[last])
