"""What was fetched and could not be understood, counted by what it was called, with its units of insulin."""

from collections import defaultdict
from collections.abc import Iterable
from math import isnan

from bloodtwin_core.events.repairs import RepairKind, Repairs


def not_understood(names: Iterable[str], units: Iterable[float]) -> Repairs:
    """What each row [row] that could not be understood was called, and the U that it speaks of, NaN for none."""
    told: dict[str, list[float]] = defaultdict(list)
    for name, stated in zip(names, units, strict=True):
        told[str(name)].append(0.0 if isnan(stated) else float(stated))
    repairs = Repairs()
    for name, stated_units in sorted(told.items()):
        repairs += Repairs.of(RepairKind.unreadable_rows, len(stated_units), name)
        repairs += Repairs.of(RepairKind.unreadable_units, round(sum(stated_units), 6), name)
    return repairs
