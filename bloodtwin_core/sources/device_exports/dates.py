"""Dates and times of exports that write them as the wearer's account is set, without saying how.

Read are year, month and day in the orders that accounts can be set to (2021-12-20, 20-12-2021, 12-20-2021), with any
of - / . between them, and times with 24 or 12 hours, with or without seconds: the forms that LibreView has
(tidepool-org/uploader issue 1461), and CareLink for Paradigm pumps (tidepool-org/uploader, getCareLinkFormatInfo.js).
"""

import re
from collections.abc import Sequence

import numpy as np

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import DateOrder
from bloodtwin_core.sources.device_exports.cells import Cells, CellTexts

FORMS = "2021-12-20 23:15, 20-12-2021 23:15 or 12-20-2021 23:15, also with / or . and with 11:15 PM"
_FORM = re.compile(
    r"(\d{1,4})([-/.]) ?(\d{1,2})\2 ?(\d{1,4})\.?(?:,? +|T)(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d{1,3})?)?"
    r"(?: *([AaPp])\.? ?[Mm]\.?)?"
)
_BLANKS = re.compile("[\u00a0\u202f\u2009]")
"""Narrow and unbreakable blanks, which newer exports write before AM and PM."""
_CENTURY = 2000
_OVERNIGHT = np.timedelta64(6 * 3600, "s")
"""Rows on both sides of a midnight, nearer than this, are of neighbouring days."""

_Parts = tuple[int, int, int, int, int, int]
"""Three parts of the date in the order in which they stand, hour, minute, second."""


def read_times(
    cells: Cells, column: str, texts: CellTexts, order: DateOrder, setting: str = "data.vendor.date_order"
) -> Timestamps:
    """texts [row] as local wall times [row], datetime64[s]; column says where they stand, order what the settings say
    under the name setting.

    Raises DataError, with the line, for an empty cell, one of no known form, or dates that contradict each other;
    SettingsError where no date tells whether the day or the month comes first and the settings do not either.
    """
    if (row := first_true(texts == "")) is not None:
        raise cells.fault(row, column, "the row has no timestamp", "Add the timestamp, or remove the row")
    parts = [_parts(text) for text in texts]
    day_first = _day_first(cells, column, texts, parts, order)
    if day_first is None:
        raise SettingsError(
            f"{cells.path}: no date tells whether the day or the month comes first. "
            f"Set {setting} to day_first or month_first"
        )
    times = np.array([_time(each, day_first) for each in parts], dtype="datetime64[s]")
    if (row := first_true(np.isnat(times))) is not None:
        what = f"'{texts[row]}' is not a date and time such as {FORMS}"
        raise cells.fault(row, column, what, "Correct the timestamp, or leave the file as it was exported")
    return times


def _parts(text: str) -> _Parts | None:
    """The numbers of a timestamp, hours counted from 0 to 23; None if it is of no known form."""
    match = _FORM.fullmatch(_BLANKS.sub(" ", text))
    if match is None:
        return None
    hour = int(match[5])
    if half := match[8]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "Pp" else 0)
    return int(match[1]), int(match[3]), int(match[4]), hour, int(match[6]), int(match[7] or 0)


def _year_first(parts: _Parts) -> bool:
    return parts[0] > 31


def _time(parts: _Parts | None, day_first: bool) -> np.datetime64:
    """The time of these parts; NaT where there is none such."""
    if parts is None:
        return np.datetime64("NaT", "s")
    first, second, third, hour, minute, seconds = parts
    if _year_first(parts):
        year, month, day = first, second, third
    else:
        day, month = (first, second) if day_first else (second, first)
        year = third if third >= 100 else third + _CENTURY
    try:
        return np.datetime64(f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{seconds:02}", "s")
    except ValueError:
        return np.datetime64("NaT", "s")


def _day_first(
    cells: Cells, column: str, texts: CellTexts, parts: Sequence[_Parts | None], order: DateOrder
) -> bool | None:
    """Whether dates begin with the day: a part over 12, the setting or midnights tell; else None."""
    pairs = [(each[0], each[1]) if each is not None and not _year_first(each) else (0, 0) for each in parts]
    first = np.array([pair[0] > 12 for pair in pairs], dtype=bool)
    second = np.array([pair[1] > 12 for pair in pairs], dtype=bool)
    if first.any() and second.any():
        row = first_true(second if np.argmax(first) < np.argmax(second) else first)
        assert row is not None
        what = f"'{texts[row]}' puts day and month the other way round than the rows before"
        raise cells.fault(
            row, column, what, "Do not join exports of different settings; give them as files of their own"
        )
    if first.any() or second.any():
        return bool(first.any())
    if order is DateOrder.unknown and (proven := _continuous(parts)) is not None:
        return proven
    if order is DateOrder.unknown and any(pair[0] != pair[1] for pair in pairs):
        return None
    return order is not DateOrder.month_first


def _continuous(parts: Sequence[_Parts | None]) -> bool | None:
    """Whether dates begin with the day, as rows on both sides of a midnight prove; None where there are none.

    Read the wrong way, the next date is a month or more away.
    """
    goes_on = []
    for day_first in (True, False):
        times = np.array([_time(each, day_first) for each in parts], dtype="datetime64[s]")
        another_day = np.diff(times.astype("datetime64[D]").astype(np.int64)) != 0
        goes_on.append(bool((another_day & (np.abs(np.diff(times)) <= _OVERNIGHT)).any()))
    return goes_on[0] if goes_on[0] != goes_on[1] else None
