"""Boluses and announced carbohydrates of a Glooko export, as delivered."""

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.kinds import AmountEvents, BolusEvents, PumpEvents
from bloodtwin_core.events.possible import POSSIBLE_BOLUS
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.glooko.tables import CARBOHYDRATES_INPUT, DELIVERED, EXTENDED, INITIAL
from bloodtwin_core.sources.glooko.times import RowsInUtc

_ROUNDING = 0.05
"""U; doses are exported with two decimals, and parts may not add up to the last one."""


def bolus_events(pump_id: str, rows: RowsInUtc, extended_minutes: float) -> PumpEvents:
    """The boluses of one table; extended parts take extended_minutes, and their units are counted as such.

    Raises DataError for a cell that is no number or a dose that cannot be.
    """
    cells = rows.cells
    at_once, extended, unknown = _doses(cells)
    normal, spread = at_once > 0, extended > 0
    bolus = BolusEvents.of(
        np.concatenate([rows.of(normal), rows.of(spread)]),
        np.concatenate([at_once[normal], extended[spread]]),
        np.concatenate([np.zeros(normal.sum()), np.full(spread.sum(), extended_minutes)]),
    )
    repairs = rows.repairs + Repairs.of(RepairKind.unreadable_rows, int(unknown.sum()), "boluses without a dose")
    repairs += Repairs.of(RepairKind.extended_duration_unknown_units, round(float(extended.sum()), 6))
    return PumpEvents(pump_id, bolus=bolus, repairs=repairs, extra=_announced(rows, at_once + extended))


def _doses(cells: Cells) -> tuple[Floats, Floats, "np.typing.NDArray[np.bool_]"]:
    """U delivered at once and U delivered extended, each [row], and whether neither is told.

    The initial and the extended delivery together are what was delivered (aidR reads it so). Where the total is less,
    the extended part was cut short; where it is more, the rest was delivered at once.
    """
    delivered = cells.numbers(DELIVERED)
    initial, extended = (
        cells.numbers(name) if cells.has(name) else np.full(len(cells), np.nan) for name in (INITIAL, EXTENDED)
    )
    unknown = np.isnan(delivered) & np.isnan(initial) & np.isnan(extended)
    parts = np.nan_to_num(initial) + np.nan_to_num(extended)
    total = np.where(np.isnan(delivered), parts, delivered)
    if (row := first_true(np.maximum(total, parts) > POSSIBLE_BOLUS.high)) is not None:
        raise cells.fault(
            row,
            DELIVERED,
            f"{max(total[row], parts[row]):g} U cannot be one bolus",
            "Correct the dose, or remove the row",
        )
    later = np.nan_to_num(extended)
    later = np.where(np.abs(total - parts) <= _ROUNDING, np.minimum(later, total), later)
    later = np.where(total < parts - _ROUNDING, np.maximum(total - np.nan_to_num(initial), 0.0), later)
    return np.maximum(total - later, 0.0), later, unknown


def _announced(rows: RowsInUtc, dose: Floats) -> dict[str, AmountEvents]:
    """Grams told to the pump with boluses that were delivered."""
    if not rows.cells.has(CARBOHYDRATES_INPUT):
        return {}
    grams = np.nan_to_num(rows.cells.numbers(CARBOHYDRATES_INPUT))
    told = (grams > 0) & (dose > 0)
    return {CARBOHYDRATES: AmountEvents.of(rows.of(told), grams[told])}
