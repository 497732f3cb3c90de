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
import pandas as pd

from bloodtwin_core.records import Timestamps

Floats = npt.NDArray[np.float64]
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

    def chosen(self, which: npt.NDArray[np.bool_]) -> Self:
        """The totals where a mask [total] is true."""
        return type(self)(self.starts[which], self.ends[which], self.units[which], self.kinds[which])

    def joined(self, others: Sequence["StatedTotals"]) -> Self:
        """These and others, sorted; of two for the same time the larger, since an export may hold a part of a day."""
        parts = [self, *others]
        table = pd.DataFrame(
            {name: np.concatenate([getattr(part, name) for part in parts]) for name in self.__dataclass_fields__}
        )
        table = table.sort_values(["starts", "ends", "kinds", "units"], kind="stable")
        table = table.drop_duplicates(["starts", "ends", "kinds"], keep="last")
        return type(self)(
            table["starts"].to_numpy().astype("datetime64[s]"),
            table["ends"].to_numpy().astype("datetime64[s]"),
            table["units"].to_numpy(np.float64),
            table["kinds"].to_numpy(object),
        )
