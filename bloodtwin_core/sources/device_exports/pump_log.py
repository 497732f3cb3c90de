"""The log of a MiniMed pump, read by the library cgm-format: boluses and the effective basal rate.

cgm-format pairs the two rows of each bolus, takes what was delivered, and works out the rate from rate changes,
temporary rates and suspensions. It is given nothing but the columns of the log, checked before, and one stretch of
time in which the clock was not set back, since it sorts rows by time and drops in silence a number or a kind of bolus
that it does not know.
"""

import re
from importlib import import_module
from typing import Any

import numpy as np

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports.cells import Cells, Floats, Texts
from bloodtwin_core.sources.device_exports.local import LocalBasal, LocalBolus

BASAL_RATE, BOLUS_TYPE, DELIVERED = "Basal Rate (U/h)", "Bolus Type", "Bolus Volume Delivered (U)"
_NUMBERS = (BASAL_RATE, "Temp Basal Amount", "Bolus Volume Selected (U)", DELIVERED)
_DURATIONS = ("Temp Basal Duration (h:mm:ss)", "Bolus Duration (h:mm:ss)")
_KINDS = {
    BOLUS_TYPE: ("Normal", "Square", "Dual (normal part)", "Dual (square part)"),
    "Temp Basal Type": ("Rate", "Percent"),
}
_FREE = ("Suspend", "Bolus Number")
_OPTIONAL = ("Bolus Duration (h:mm:ss)", "Bolus Number")
"""Columns that not every CareLink export has."""
_UNUSED = (
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
_DURATION = re.compile(r"[0-9]{1,3}:[0-9]{2}:[0-9]{2}")


def has_log(cells: Cells) -> bool:
    """Whether the table has any column of a pump's log; then it must have all that are not in _OPTIONAL."""
    return any(cells.has(name) for name in (BASAL_RATE, BOLUS_TYPE, DELIVERED))


def read_log(cells: Cells, times: Timestamps) -> tuple[LocalBasal, LocalBolus]:
    """Effective basal rates and delivered boluses of a log's rows at local times [row], oldest first, never going back.

    Raises DataError, with line and column, for a cell that cannot be understood; SettingsError without cgm-format.
    """
    columns = _checked(cells)
    _refuse_kindless(cells, columns)
    # cgm-format stumbles over a log that says neither a rate nor a dose.
    if not (columns[BASAL_RATE] != "").any() and not (columns[DELIVERED] != "").any():
        return LocalBasal(), LocalBolus()
    library = _library()
    text = _log_text(columns, times)
    try:
        frame = library.FormatParser.parse_to_unified(text, library.SupportedCGMFormat.MEDTRONIC_PUMP)
    except library.ZeroValidInputError:  # Neither a rate nor a finished bolus is in it.
        return LocalBasal(), LocalBolus()
    except (library.MalformedDataError, ValueError) as error:
        todo = "Export the file again and leave it as it comes"
        raise DataError(f"cgm-format cannot read the pump's log: {error}", todo=todo, file=cells.path) from error
    kinds = frame["event_type"].to_numpy()
    when = frame["datetime"].to_numpy().astype("datetime64[s]")
    rates, boluses = kinds == library.UnifiedEventType.BASAL_RATE, kinds == library.UnifiedEventType.INSULIN_FAST
    return (
        LocalBasal(when[rates], _column(frame, "basal_rate", rates)),
        LocalBolus(
            when[boluses],
            _column(frame, "insulin_fast", boluses),
            np.nan_to_num(_column(frame, "insulin_duration", boluses)),
        ),
    )


def _library() -> Any:
    try:
        return import_module("cgm_format")
    except ImportError as error:
        raise SettingsError(
            "CareLink exports are read with cgm-format, which is not installed. "
            "Install it: pip install 'bloodtwin[vendor]'"
        ) from error


def _checked(cells: Cells) -> dict[str, Texts]:
    """The log's columns as text [row], each cell known to be what it should be; empty where a column is missing."""
    columns: dict[str, Texts] = {}
    for name in (*_NUMBERS, *_DURATIONS, *_KINDS, *_FREE):
        absent = name in _OPTIONAL and not cells.has(name)
        columns[name] = np.full(len(cells), "", dtype=object) if absent else cells.texts(name)
    for name in _NUMBERS:
        columns[name] = np.array(
            ["" if np.isnan(number) else repr(float(number)) for number in cells.numbers(name)], dtype=object
        )
    for name in _DURATIONS:
        wrong = np.array([bool(text) and not _DURATION.fullmatch(text) for text in columns[name]], dtype=bool)
        if (row := first_true(wrong)) is not None:
            raise cells.fault(row, name, f"'{columns[name][row]}' is not a duration h:mm:ss", "Correct the duration")
    for name, known in _KINDS.items():
        if (row := first_true(~np.isin(columns[name].astype(str), ["", *known]))) is not None:
            what = f"'{columns[name][row]}' is not one of {', '.join(known)}"
            raise cells.fault(row, name, what, "Export the file again with the account set to English")
    return columns


def _refuse_kindless(cells: Cells, columns: dict[str, Texts]) -> None:
    """cgm-format leaves out a dose whose kind is not said."""
    if (row := first_true((columns[DELIVERED] != "") & (columns[BOLUS_TYPE] == ""))) is not None:
        what = f"{columns[DELIVERED][row]} U were delivered, but the kind of bolus is not said"
        raise cells.fault(row, BOLUS_TYPE, what, "Write Normal, or remove the row")


def _log_text(columns: dict[str, Texts], times: Timestamps) -> str:
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


def _column(frame: Any, name: str, rows: Any) -> Floats:
    if name not in frame.columns:
        return np.full(int(rows.sum()), np.nan)
    values: Floats = frame[name].to_numpy().astype(np.float64)[rows]
    return values
