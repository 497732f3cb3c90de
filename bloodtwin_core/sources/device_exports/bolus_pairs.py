"""Boluses of a MiniMed pump's log: the rows in which one was programmed and in which it was delivered, put together.

Both rows have the same Bolus Number, but the number is one byte: it comes again after 256 deliveries, in automatic mode
within a day. So a delivered row belongs to the latest row with its number, kind and amount, if that is no longer before
it than the bolus takes. (A 780G delivers 1.5 U a minute: pra008/Medtronic-csv-FHIR, 2.2 U in 89 s.)
"""

import re

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.device_exports.local import LocalBolus

BOLUS_TYPE, SELECTED, DELIVERED = "Bolus Type", "Bolus Volume Selected (U)", "Bolus Volume Delivered (U)"
DURATION, NUMBER = "Bolus Duration (h:mm:ss)", "Bolus Number"
UNITS_A_MINUTE = 1.5
"""How fast MiniMed pumps deliver a bolus at their standard speed."""
_AT_ONCE = ("Normal", "Dual (normal part)")
_SPREAD = ("Square", "Dual (square part)")
KINDS = (*_AT_ONCE, *_SPREAD)
_MARGIN = 60.0
"""Minutes that a delivery may take longer than its amount and duration say, as at the slowest speed."""
_CLOCK = re.compile(r"([0-9]{1,3}):([0-9]{2}):([0-9]{2})")

_Places = npt.NDArray[np.int64]


def minutes_of(cells: Cells, column: str) -> Floats:
    """A column of durations h:mm:ss in minutes [row], NaN where empty or where there is no such column.

    Raises DataError, with line and column, for anything else.
    """
    if not cells.has(column):
        return np.full(len(cells), np.nan)
    texts = cells.texts(column)
    matches = [_CLOCK.fullmatch(text) for text in texts]
    wrong = np.array([bool(text) and match is None for text, match in zip(texts, matches, strict=True)], dtype=bool)
    if (row := first_true(wrong)) is not None:
        raise cells.fault(row, column, f"'{texts[row]}' is not a duration h:mm:ss", "Correct the duration")
    return np.array(
        [np.nan if match is None else 60 * int(match[1]) + int(match[2]) + int(match[3]) / 60 for match in matches]
    )


def read_boluses(cells: Cells, times: Timestamps) -> LocalBolus:
    """Delivered boluses of a log's rows at local times [row], oldest first, never going back.

    A bolus begins when it was programmed. One whose programmed row is not in the log stands at its delivered row; if it
    was square or the log begins after it, as long before that as its delivery took. A square one lasts until its
    delivered row, so that one which was cut short is not spread over what was only programmed. Rows without anything
    delivered are no boluses.
    Raises DataError, with line and column, for a kind that is not known and a dose without a kind.
    """
    delivered, kinds = cells.numbers(DELIVERED), cells.texts(BOLUS_TYPE)
    _refuse_unknown(cells, delivered, kinds.astype(str))
    programmed_for = minutes_of(cells, DURATION)
    at = (times - times[:1]).astype("timedelta64[s]").astype(np.float64) / 60.0
    begun_in = _programmed_rows(cells, at, programmed_for)
    rows = np.flatnonzero(np.nan_to_num(delivered) > 0)
    spread = np.isin(kinds.astype(str), _SPREAD)[rows]
    programmed = begun_in[rows]
    paired = programmed >= 0
    planned = np.where(np.isnan(programmed_for[rows]) & paired, programmed_for[programmed], programmed_for[rows])
    minutes = np.where(paired, np.minimum(at[rows] - at[programmed], _or_endless(planned)), np.nan_to_num(planned))
    minutes = np.where(spread, minutes, 0.0)
    before = times[rows] - _as_seconds(delivered[rows] / UNITS_A_MINUTE)
    cut_off = ~paired & ~spread & (before < times[:1])
    begun = np.where(paired, times[programmed], np.where(cut_off, before, times[rows] - _as_seconds(minutes)))
    order = np.argsort(begun, kind="stable")
    return LocalBolus(begun[order], delivered[rows][order], minutes[order])


def _refuse_unknown(cells: Cells, delivered: Floats, kinds: npt.NDArray[np.str_]) -> None:
    if (row := first_true(~np.isin(kinds, ["", *KINDS]))) is not None:
        what = f"'{kinds[row]}' is not one of {', '.join(KINDS)}"
        raise cells.fault(row, BOLUS_TYPE, what, "Export the file again with the account set to English")
    if (row := first_true((np.nan_to_num(delivered) > 0) & (kinds == ""))) is not None:
        what = f"{delivered[row]:g} U were delivered, but the kind of bolus is not said"
        raise cells.fault(row, BOLUS_TYPE, what, "Write Normal, or remove the row")


def _programmed_rows(cells: Cells, at: Floats, programmed_for: Floats) -> _Places:
    """The row in which the bolus of each delivered row was programmed [row], -1 where there is none. at: minutes."""
    delivered, kinds = cells.numbers(DELIVERED), cells.texts(BOLUS_TYPE)
    selected = cells.numbers(SELECTED) if cells.has(SELECTED) else np.full(len(cells), np.nan)
    numbers = cells.texts(NUMBER) if cells.has(NUMBER) else np.full(len(cells), "", dtype=object)
    places = np.full(len(cells), -1, dtype=np.int64)
    waiting: dict[tuple[str, str], int] = {}
    for row in np.flatnonzero((numbers != "") & (kinds != "")).tolist():
        name = (numbers[row], kinds[row])
        if np.isnan(delivered[row]):
            waiting[name] = row
            continue
        programmed = waiting.pop(name, -1)
        if programmed < 0:
            continue
        amounts = selected[[programmed, row]]
        units = np.nan_to_num(np.append(amounts, delivered[row])).max()
        longest = np.nan_to_num(programmed_for[programmed]) + units / UNITS_A_MINUTE + _MARGIN
        same = np.isnan(amounts).any() or amounts[0] == amounts[1]
        if at[row] - at[programmed] <= longest and same:
            places[row] = programmed
    return places


def _or_endless(minutes: Floats) -> Floats:
    return np.where(np.isnan(minutes), np.inf, minutes)


def _as_seconds(minutes: Floats) -> npt.NDArray[np.timedelta64]:
    return np.rint(minutes * 60.0).astype(np.int64).astype("timedelta64[s]")
