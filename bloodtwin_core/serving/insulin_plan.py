"""Other insulin than was given: what differs, and whether it can be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.insulin.action import REACH_MINUTES
from bloodtwin_core.records import BASAL_LIMITS, BOLUS_LIMITS, RECORD_MINUTES, Feature, Limits, PumpRecords

_ROUNDING = 1e-4
"""U and U/h: what float32 may add to a number of two decimals."""


@dataclass(frozen=True)
class DoseChange:
    """Units more (or, in the past, fewer: negative) at so many minutes from now, which is the last record."""

    minutes: float
    units: float


@dataclass(frozen=True)
class BasalChange:
    """U/h more (or fewer: negative) from `first` to `last` minutes from now, beside what runs or ran."""

    first: float
    last: float
    rate: float


@dataclass(frozen=True)
class InsulinPlan:
    """How insulin would differ from what it was and from what the pump goes on giving: its present basal rate."""

    doses: Sequence[DoseChange] = ()
    basal: Sequence[BasalChange] = ()

    @classmethod
    def suspended(cls, records: PumpRecords, minutes: float) -> "InsulinPlan":
        """No basal for so many minutes from now. Raises DataError if the present rate is unknown."""
        return cls(basal=(BasalChange(0.0, minutes, -_present_rate(records)),))

    def units_by_minute(self, first: int) -> Floats:
        """U more in each minute from `first` (not after the plan's own) to REACH_MINUTES, [minute]."""
        units = np.zeros(REACH_MINUTES - first)
        for dose in self.doses:
            units[int(np.floor(dose.minutes)) - first] += dose.units
        starts = np.arange(first, REACH_MINUTES)
        for change in self.basal:
            share = np.clip(np.minimum(change.last, starts + 1) - np.maximum(change.first, starts), 0.0, 1.0)
            units += share * change.rate / 60.0
        return units

    @property
    def first_minute(self) -> int:
        """The minute in which it begins, at most 0."""
        beginnings = [dose.minutes for dose in self.doses] + [change.first for change in self.basal]
        return int(np.floor(min([0.0, *beginnings])))


def require_possible(plan: InsulinPlan, records: PumpRecords) -> None:
    """Raise DataError, with what to change, for a plan that cannot be."""
    earliest = -float(RECORD_MINUTES * (len(records) - 1))
    for dose in plan.doses:
        _require_within(dose.minutes, dose.minutes, earliest, f"a dose of {dose.units:g} U")
        _require_sensible(dose.units, BOLUS_LIMITS, f"the dose at {dose.minutes:g} minutes from now")
        given = _given_at(records, dose.minutes)
        if not dose.units >= -given - _ROUNDING:
            raise DataError(
                f"the plan changes the dose at {dose.minutes:g} minutes from now by {dose.units:g} U, and {given:g} U "
                "were given then",
                todo="Take away no more than was given",
            )
    for change in plan.basal:
        _require_within(change.first, change.last, earliest, f"a basal rate changed by {change.rate:g} U/h")
        _require_sensible(change.rate, BASAL_LIMITS, f"the basal rate from {change.first:g} minutes from now on")
        lowest = _lowest_rate(records, change)
        if not change.rate >= -lowest - _ROUNDING:
            raise DataError(
                f"the plan changes the basal rate from {change.first:g} to {change.last:g} minutes from now by "
                f"{change.rate:g} U/h, and it is {lowest:g} U/h there",
                todo="Take away no more than runs",
            )


def _require_sensible(more: float, limits: Limits, what: str) -> None:
    """No plan changes insulin by more than a record can hold, or by what is no number."""
    if not abs(more) <= limits.high:
        raise DataError(
            f"the plan changes {what} by {more:g} {limits.unit}",
            todo=f"Change it by at most {limits.high:g} {limits.unit}",
        )


def _require_within(first: float, last: float, earliest: float, what: str) -> None:
    if not earliest <= first <= last <= REACH_MINUTES:
        raise DataError(
            f"{what} from {first:g} to {last:g} minutes from now lies outside what can be told",
            todo=f"Plan from {earliest:g} (the first record) to {REACH_MINUTES} minutes from now",
        )


def _given_at(records: PumpRecords, minutes: float) -> float:
    """U of the record that holds this minute; 0 in the future and where nobody knows."""
    if minutes > 0.0:
        return 0.0
    units = records.feature(Feature.bolus_dose)[len(records) - 1 + int(np.ceil(minutes / RECORD_MINUTES))]
    return float(np.nan_to_num(units))


def _present_rate(records: PumpRecords) -> float:
    rate = float(records.feature(Feature.basal_rate)[-1])
    if np.isnan(rate):
        raise DataError(f"pump {records.pump_id}: the present basal rate is unknown", todo="Give records that tell it")
    return rate


def _lowest_rate(records: PumpRecords, change: BasalChange) -> float:
    """The lowest known rate while the change lasts; 0 where one is unknown, since nobody can take that away."""
    rates = np.nan_to_num(records.feature(Feature.basal_rate), nan=0.0)
    newest = len(rates) - 1
    ran = rates[max(0, newest + int(np.floor(change.first / RECORD_MINUTES)) + 1) :]
    if change.last <= 0.0:
        ran = ran[: len(ran) + int(np.ceil(change.last / RECORD_MINUTES))]
    return float(min(ran, default=rates[newest]))
