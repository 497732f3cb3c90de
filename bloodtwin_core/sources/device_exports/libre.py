"""LibreView's CSV: readings of a FreeStyle Libre sensor, and insulin that the wearer wrote down.

Layout: a line about the export, a header, then one row an event. A row's `Record Type` says which of its columns
counts: 0 a reading that the sensor kept (every 15 minutes; every 5 with Libre 3), 1 a scan, 2 a fingerstick, 4 insulin,
5 food, 6 notes. Dates are day first or month first, as the account is set; the file does not say which.
"""

import re

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import DateOrder, VendorSettings
from bloodtwin_core.sources.device_exports.cells import Cells, Texts, parse_times
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.device_exports.glucose import declared_column, glucose_of
from bloodtwin_core.sources.device_exports.local import (
    BEYOND,
    LIBRE_HIGH,
    SENSOR_LOW,
    LocalBolus,
    LocalEvents,
    LocalGlucose,
)

NAME = "LibreView"
_TIME, _TYPE, _SENSOR = "Device Timestamp", "Record Type", "Serial Number"
_HISTORIC = {
    "Historic Glucose mg/dL": GlucoseUnit.mg_dl,
    "Historic Glucose (mg/dL)": GlucoseUnit.mg_dl,
    "Historic Glucose mmol/L": GlucoseUnit.mmol_l,
    "Historic Glucose (mmol/L)": GlucoseUnit.mmol_l,
}
_WORDS = {"LO": SENSOR_LOW - BEYOND, "HI": LIBRE_HIGH + BEYOND}
_INSULIN = "Rapid-Acting Insulin (units)"
_KEPT, _SCANNED, _INJECTED = 0.0, 1.0, 4.0
_KNOWN_TYPES = range(7)
_ABOUT = 2
"""Most lines about the export and its wearer above the header."""
_DAY = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.]\d{4} ")
_CLOCKS = ("%H:%M", "%H:%M:%S", "%I:%M %p")


def recognise(export: Export) -> bool:
    """Whether this is a LibreView export."""
    return export.has_row(_TIME, _TYPE)


def read(export: Export, settings: VendorSettings) -> LocalEvents:
    """Kept readings, scans and rapid-acting insulin of one export, in file order.

    Raises DataError, with line and column, for what cannot be read, SettingsError where no date tells whether the day
    or the month comes first and vendor.date_order does not either.
    """
    cells = export.only_table(_TIME, _TYPE, above=_ABOUT)
    historic, unit = declared_column(cells, _HISTORIC, settings)
    types = _types(cells)
    times = _times(cells, settings)
    kept = _readings(cells, times, types == _KEPT, historic, unit)
    scanned = _readings(cells, times, types == _SCANNED, historic.replace("Historic", "Scan"), unit)
    injections = cells.where(types == _INJECTED)
    doses = np.nan_to_num(injections.numbers(_INSULIN)) if len(injections) else np.empty(0)
    given = doses > 0
    injected = LocalBolus(times[types == _INJECTED][given], doses[given], np.zeros(int(given.sum())))
    return LocalEvents(glucose=(kept, scanned), bolus=(injected,))


def _readings(
    cells: Cells, times: Timestamps, rows: npt.NDArray[np.bool_], column: str, unit: GlucoseUnit
) -> LocalGlucose:
    if not rows.any():
        return LocalGlucose()
    chosen = cells.where(rows)
    glucose = glucose_of(chosen, column, unit, _WORDS)
    measured = ~np.isnan(glucose)
    return LocalGlucose(times[rows][measured], glucose[measured], chosen.texts(_SENSOR)[measured])


def _types(cells: Cells) -> npt.NDArray[np.float64]:
    types = cells.numbers(_TYPE)
    if (row := first_true(~np.isin(types, _KNOWN_TYPES))) is not None:
        what = f"'{cells.texts(_TYPE)[row]}' is not one of LibreView's record types 0 to 6"
        raise cells.fault(row, _TYPE, what, "Mend or remove the row")
    return types


def _times(cells: Cells, settings: VendorSettings) -> Timestamps:
    texts = cells.texts(_TIME)
    if (row := first_true(texts == "")) is not None:
        raise cells.fault(row, _TIME, "the row has no timestamp", "Add the timestamp, or remove the row")
    unified = np.array([text.replace("/", "-").replace(".", "-") for text in texts], dtype=object)
    day = "%d-%m-%Y" if _day_first(cells, unified, settings) else "%m-%d-%Y"
    return parse_times(cells, _TIME, unified, [f"{day} {clock}" for clock in _CLOCKS] + ["%Y-%m-%d %H:%M"])


def _day_first(cells: Cells, texts: Texts, settings: VendorSettings) -> bool:
    """Whether dates begin with the day: as a part over 12 proves, otherwise as vendor.date_order says."""
    parts = [(int(match[1]), int(match[2])) if (match := _DAY.match(text)) else (0, 0) for text in texts]
    first = np.array([part[0] > 12 for part in parts], dtype=bool)
    second = np.array([part[1] > 12 for part in parts], dtype=bool)
    declared = settings.date_order
    if first.any() and second.any():
        row = first_true(second if np.argmax(first) < np.argmax(second) else first)
        assert row is not None
        what = f"'{texts[row]}' puts day and month the other way round than the rows before"
        raise cells.fault(
            row, _TIME, what, "Do not join exports of different settings; give them as files of their own"
        )
    if first.any() or second.any():
        return bool(first.any())
    if declared is DateOrder.unknown and any(part != (0, 0) and part[0] != part[1] for part in parts):
        raise SettingsError(
            f"{cells.path}: no date tells whether the day or the month comes first. "
            "Set data.vendor.date_order to day_first or month_first"
        )
    return declared is not DateOrder.month_first
