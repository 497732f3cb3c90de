"""The basal rate of Glooko exports: rows that say from when, for how long and at which rate or with how many units."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.kinds import BasalEvents
from bloodtwin_core.events.possible import POSSIBLE_BASAL
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.silence import LONGEST_SILENCE
from bloodtwin_core.records import Mask, Timestamps
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.glooko.tables import DELIVERED, DURATION, KIND, PERCENTAGE, RATE
from bloodtwin_core.sources.glooko.times import RowsInUtc

_SUSPENDED = ("suspend", "ausgesetzt", "unterbrochen", "gestoppt", "onderbr")
_ROUNDED = np.timedelta64(90, "s")
"""Times and durations are exported in whole minutes: a row that begins this little after another follows it."""
_ROW = np.dtype([("start", "datetime64[s]"), ("minutes", "f8"), ("rate", "f8")])


@dataclass(frozen=True)
class BasalRows:
    """rows [row] of start (UTC), minutes (NaN if not told) and rate (U/h, NaN if not known); what was left out."""

    rows: npt.NDArray[np.void]
    repairs: Repairs


def basal_rows(rows: RowsInUtc) -> BasalRows:
    """The rows of one table.

    The rate is what was delivered, spread over the time it took; the rate that is stated where no units are; and none
    while the pump was suspended. Raises DataError for a cell that is no number or a rate that cannot be.
    """
    cells = rows.cells
    minutes, stated, delivered = (_numbers(cells, name) for name in (DURATION, RATE, DELIVERED))
    lasting = np.where(minutes > 0, minutes, np.nan)
    rate = np.where(np.isnan(delivered / lasting), stated, delivered / lasting * 60.0)
    rate = np.where(np.isnan(rate) & _suspended(cells), 0.0, rate)
    if (row := first_true(rate > POSSIBLE_BASAL.high)) is not None:
        column = DELIVERED if stated[row] != rate[row] else RATE
        what = f"{rate[row]:g} U/h cannot be a basal rate"
        raise cells.fault(row, column, what, "Correct the row, or remove it")
    # Where no row says how long, each lasts until the next; where the others do, nobody knows of this one.
    unended = np.isnan(minutes) & ~np.isnan(minutes).all()
    over = (minutes == 0) | unended
    lost = float(np.nan_to_num(delivered[over]).sum())
    unknown = np.isnan(rate) & ~over
    repairs = rows.repairs + Repairs.of(RepairKind.unreadable_rows, int(unknown.sum()), "basal without a rate")
    repairs += Repairs.of(RepairKind.unreadable_rows, int(unended.sum()), "basal without a duration")
    repairs += Repairs.of(RepairKind.unreadable_units, round(lost, 6), "basal of no duration")
    found = np.zeros(len(cells), dtype=_ROW)
    found["start"], found["minutes"], found["rate"] = rows.times, minutes, rate
    return BasalRows(found[~over], repairs)


def basal_events(tables: Sequence[BasalRows]) -> BasalEvents:
    """The rate in force by the rows of all tables, each of which counts once, and unknown where none tells it.

    A row that begins while another lasts takes over; the other goes on after it, if it lasts longer.
    """
    rows = np.concatenate([np.zeros(0, dtype=_ROW), *(table.rows for table in tables)])
    # Of rows that begin together the shortest comes last, and so interrupts the others.
    order = np.lexsort((rows["rate"], -rows["minutes"], rows["start"]))
    rows = rows[order]
    again = np.zeros(len(rows), dtype=bool)
    again[1:] = [_same(one, other) for one, other in pairwise(rows)]
    return _in_force(rows[~again])


def _same(one: np.void, other: np.void) -> bool:
    return one.tobytes() == other.tobytes()


def _numbers(cells: Cells, column: str) -> Floats:
    return cells.numbers(column) if cells.has(column) else np.full(len(cells), np.nan)


def _suspended(cells: Cells) -> Mask:
    """Whether a row [row] says that nothing was delivered: by its kind, or as 0 per cent."""
    kinds = [text.casefold() for text in (cells.texts(KIND) if cells.has(KIND) else [""] * len(cells))]
    named = np.array([any(word in kind for word in _SUSPENDED) for kind in kinds], dtype=bool)
    none: Mask = named | (_numbers(cells, PERCENTAGE) == 0)
    return none


def _ends(rows: npt.NDArray[np.void]) -> Timestamps:
    """When each row [row], sorted, is over; one that says no duration lasts until the next."""
    starts: Timestamps = rows["start"]
    following: Timestamps = np.append(starts[1:], starts[-1:] + LONGEST_SILENCE)
    seconds = np.nan_to_num(np.round(rows["minutes"] * 60.0)).astype("timedelta64[s]")
    ends = np.where(np.isnan(rows["minutes"]), following, starts + seconds)
    follows = (following > ends) & (following - ends <= _ROUNDED)
    follows[-1:] = False
    joined: Timestamps = np.where(follows, following, ends)
    return joined


def _in_force(rows: npt.NDArray[np.void]) -> BasalEvents:
    times: list[np.datetime64] = []
    rates: list[float] = []
    running: list[tuple[np.datetime64, float]] = []

    def close(until: np.datetime64 | None) -> None:
        """Go back to the row that began before wherever one ends, up to the time until."""
        while running and (until is None or running[-1][0] <= until):
            end = running[-1][0]
            while running and running[-1][0] <= end:
                running.pop()
            times.append(end)
            rates.append(running[-1][1] if running else np.nan)

    for start, end, rate in zip(rows["start"], _ends(rows), rows["rate"], strict=True):
        close(start)
        if times and times[-1] == start:
            times.pop()
            rates.pop()
        running.append((end, float(rate)))
        times.append(start)
        rates.append(float(rate))
    close(None)
    return BasalEvents.of(np.array(times, dtype="datetime64[s]"), np.array(rates, dtype=np.float64))
