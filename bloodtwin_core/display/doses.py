"""Insulin and carbohydrates of the last hours, as they are drawn below glucose."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import CARBOHYDRATES, Feature, PumpRecords, Timestamps


def _no_times() -> Timestamps:
    return np.empty(0, dtype="datetime64[s]")


@dataclass(frozen=True)
class Amounts:
    """What was given when: times [event] in UTC, rising; amounts [event]."""

    times: Timestamps = field(default_factory=_no_times)
    amounts: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Doses:
    """basal: U/h from each time on, NaN unknown; bolus: U; carbohydrates: g."""

    basal: Amounts = field(default_factory=Amounts)
    bolus: Amounts = field(default_factory=Amounts)
    carbohydrates: Amounts = field(default_factory=Amounts)

    @property
    def are_known(self) -> bool:
        """Whether there is anything to draw."""
        return bool(len(self.bolus) or len(self.carbohydrates) or np.isfinite(self.basal.amounts).any())


def doses_of(records: PumpRecords) -> Doses:
    """Those of records. A record tells of the five minutes up to its time: a rate begins with the record before."""
    basal = records.feature(Feature.basal_rate).astype(np.float64)
    changed = np.flatnonzero(~_same(basal[1:], basal[:-1])) + 1
    begins = np.concatenate([[0], changed]) if len(basal) else changed
    before = np.maximum(begins - 1, 0)
    carbohydrates = _given(records, CARBOHYDRATES) if CARBOHYDRATES in records.features else Amounts()
    return Doses(Amounts(records.timestamps[before], basal[begins]), _given(records, Feature.bolus_dose), carbohydrates)


def _same(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = (one == other) | (np.isnan(one) & np.isnan(other))
    return same


def _given(records: PumpRecords, feature: str) -> Amounts:
    amounts = records.feature(feature).astype(np.float64)
    given = np.nan_to_num(amounts) > 0
    return Amounts(records.timestamps[given], amounts[given])
