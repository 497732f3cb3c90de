"""The programmed basal rate of a MiniMed pump's log, worked out by the library cgm-format.

cgm-format works out the rate from rate changes, temporary rates and suspensions. It is given nothing but the columns
that tell of these, checked before, and one stretch of time in which the clock was not set back, since it sorts rows by
time and drops in silence a number that it does not know. Boluses are read in bolus_pairs.py: cgm-format pairs their
rows by the Bolus Number over the whole file, and so loses boluses where the number comes again.
"""

import re
from importlib import import_module
from typing import Any

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports.bolus_pairs import (
    BOLUS_TYPE,
    DELIVERED,
    DURATION,
    NUMBER,
    SELECTED,
    minutes_of,
)
from bloodtwin_core.sources.device_exports.cells import Cells, CellTexts
from bloodtwin_core.sources.device_exports.local import LocalBasal

BASAL_RATE = "Basal Rate (U/h)"
_TEMPORARY_RATE, _TEMPORARY_KIND = "Temp Basal Amount", "Temp Basal Type"
_TEMPORARY_FOR = "Temp Basal Duration (h:mm:ss)"
_NUMBERS = (BASAL_RATE, _TEMPORARY_RATE)
_KINDS = ("Rate", "Percent")
_SUSPEND, _RUNS = "Suspend", "NORMAL_PUMPING"
_RESUMED = ("NORMAL_PUMPING", "USER_RESTART_BASAL", "AUTO_RESUME_COMPLETE", "AUTO_RESUME_REDUCED")
"""Words with which pumps log that they run again: MiniMed the first, older ones the others too (tidepool-org/uploader,
lib/carelink). cgm-format knows the first alone."""
_UNUSED = (
    BOLUS_TYPE,
    SELECTED,
    DELIVERED,
    DURATION,
    NUMBER,
    "New Device Time",
    "BG Reading (mg/dL)",
    "Prime Type",
    "Prime Volume Delivered (U)",
    "Estimated Reservoir Volume after Fill (U)",
    "BWZ Carb Input (grams)",
    "Sensor Glucose (mg/dL)",
    "Event Marker",
)
"""Columns that cgm-format asks for, left empty."""
_MARK = "-------;MiniMed;Pump"


def has_log(cells: Cells) -> bool:
    """Whether the table has any column of a pump's log; then it must have all of them."""
    return any(cells.has(name) for name in (BASAL_RATE, BOLUS_TYPE, DELIVERED))


def read_rates(cells: Cells, times: Timestamps) -> LocalBasal:
    """Programmed basal rates of a log's rows at local times [row], oldest first, never going back.

    Temporary rates and suspensions are applied. Raises DataError, with line and column, for a cell that cannot be
    understood; SettingsError without cgm-format.
    """
    columns = _checked(cells)
    library = _library()
    # cgm-format stumbles over a log that says no rate.
    if not (columns[BASAL_RATE] != "").any():
        return LocalBasal()
    try:
        frame = library.FormatParser.parse_to_unified(
            _log_text(columns, times), library.SupportedCGMFormat.MEDTRONIC_PUMP
        )
    except (library.MalformedDataError, library.ZeroValidInputError, ValueError) as error:
        todo = "Export the file again and leave it as it comes"
        raise DataError(f"cgm-format cannot read the pump's log: {error}", todo=todo, file=cells.path) from error
    rates = frame["event_type"].to_numpy() == library.UnifiedEventType.BASAL_RATE
    when = frame["datetime"].to_numpy().astype("datetime64[s]")[rates]
    values: Floats = frame["basal_rate"].to_numpy().astype(np.float64)[rates]
    return LocalBasal(when, values)


def _library() -> Any:
    try:
        return import_module("cgm_format")
    except ImportError as error:
        raise SettingsError(
            "CareLink exports are read with cgm-format, which is not installed. "
            "Install it: pip install 'bloodtwin[vendor]'"
        ) from error


def _checked(cells: Cells) -> dict[str, CellTexts]:
    """The log's columns as text [row], each cell known to be what it should be."""
    columns: dict[str, CellTexts] = {name: cells.texts(name) for name in (_TEMPORARY_FOR, _TEMPORARY_KIND)}
    columns[_SUSPEND] = _suspensions(cells)
    minutes_of(cells, _TEMPORARY_FOR)
    for name in _NUMBERS:
        columns[name] = np.array(
            ["" if np.isnan(number) else repr(float(number)) for number in cells.numbers(name)], dtype=object
        )
    if (row := first_true(~np.isin(columns[_TEMPORARY_KIND].astype(str), ["", *_KINDS]))) is not None:
        what = f"'{columns[_TEMPORARY_KIND][row]}' is not one of {', '.join(_KINDS)}"
        raise cells.fault(row, _TEMPORARY_KIND, what, "Export the file again with the account set to English")
    return columns


def _suspensions(cells: Cells) -> CellTexts:
    """What the log says of suspensions [row], in the words that cgm-format knows."""
    stated = np.array([re.sub("[^A-Z]+", "_", text.upper()) for text in cells.texts(_SUSPEND)], dtype=object)
    resumed = np.isin(stated.astype(str), _RESUMED)
    known = resumed | np.array([not text or "SUSPEND" in text for text in stated], dtype=bool)
    if (row := first_true(~known)) is not None:
        what = f"'{cells.texts(_SUSPEND)[row]}' is no state of a pump that is known"
        raise cells.fault(row, _SUSPEND, what, "Report it, and remove the row if it changes no delivery")
    return np.where(resumed, _RUNS, stated)


def _log_text(columns: dict[str, CellTexts], times: Timestamps) -> str:
    """The log as cgm-format expects it: a section of its own, numbered from the newest row."""
    stamps = np.datetime_as_string(times, unit="s")
    empty = [""] * len(_UNUSED)
    rows = []
    for row, stamp in enumerate(stamps):
        values = [re.sub('[;"\r\n]', " ", str(column[row])) for column in columns.values()]
        rows.append(
            ";".join([str(len(stamps) - 1 - row), str(stamp[:10]).replace("-", "/"), stamp[11:], *values, *empty])
        )
    return "\n".join([_MARK, ";".join(["Index", "Date", "Time", *columns, *_UNUSED]), *rows, ""])
