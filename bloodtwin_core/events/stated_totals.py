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


def _no_times() -> Timestamps:
    return np.empty(0, dtype="datetime64[s]")


@dataclass(frozen=True)
class StatedTotals:
    """Totals as the source states them. Build with StatedTotals.of.

    starts, ends: [total], UTC datetime64[s], the time it adds up, mostly a local day. units: [total], U.
    kinds: [total], a TotalOf.
    """

    starts: Timestamps = field(default_factory=_no_times)
    ends: Timestamps = field(default_factory=_no_times)
    units: Floats = field(default_factory=lambda: np.empty(0))
    kinds: Kinds = field(default_factory=lambda: np.empty(0, dtype=object))

    @classmethod
    def of(cls, starts: Timestamps, ends: Timestamps, units: Floats, kind: TotalOf) -> Self:
        """Totals of one kind."""
        return cls(starts, ends, units, np.full(len(starts), kind, dtype=object))

    def __len__(self) -> int:
        return len(self.starts)

    def chosen(self, which: npt.NDArray[np.bool_ | np.intp]) -> Self:
        """The totals where a mask [total] is true, or those at these places."""
        return type(self)(self.starts[which], self.ends[which], self.units[which], self.kinds[which])

    def joined(self, others: Sequence["StatedTotals"]) -> Self:
        """These and others, sorted; of two for the same time the larger, since an export may hold a part of a day."""
        parts: list[StatedTotals] = [self, *others]
        together = type(self)(
            np.concatenate([part.starts for part in parts]),
            np.concatenate([part.ends for part in parts]),
            np.concatenate([part.units for part in parts]),
            np.concatenate([part.kinds for part in parts]),
        )
        kinds = together.kinds.astype(np.str_)
        order = np.lexsort((together.units, kinds, together.ends, together.starts))
        last = np.ones(len(order), dtype=bool)
        last[:-1] = False
        for column in (together.starts, together.ends, kinds):
            last[:-1] |= column[order][1:] != column[order][:-1]
        return together.chosen(order[last])
