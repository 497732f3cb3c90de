"""LibreView's CSV: readings of a FreeStyle Libre sensor, and insulin that the wearer wrote down.

Layout: a line about the export, a header, then one row an event. A row's `Record Type` says which of its columns
counts: 0 a reading that the sensor kept (every 15 minutes; every 5 with Libre 3), 1 a scan, 2 a fingerstick, 4 insulin,
5 food, 6 notes. Dates and times are as the account is set; the file does not say how (dates.py).
"""

import re

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.device_exports.dates import read_times
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.device_exports.glucose import declared_column, readings_of
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
_INSULIN, _LONG = "Rapid-Acting Insulin (units)", "Long-Acting Insulin (units)"
_AMOUNT = re.compile("[0-9]")
_KEPT, _SCANNED, _INJECTED = 0.0, 1.0, 4.0
_KNOWN_TYPES = range(7)
_ABOUT = 2
"""Most lines about the export and its wearer above the header."""


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
    times = read_times(cells, _TIME, cells.texts(_TIME), settings.date_order)
    kept = _readings(cells, times, types == _KEPT, historic, unit)
    scanned = _readings(cells, times, types == _SCANNED, historic.replace("Historic", "Scan"), unit)
    injections = cells.where(types == _INJECTED)
    doses = np.nan_to_num(injections.numbers(_INSULIN)) if len(injections) else np.empty(0)
    given = doses > 0
    injected = LocalBolus(times[types == _INJECTED][given], doses[given], np.zeros(int(given.sum())))
    unread = int(np.isin(types, (_KEPT, _SCANNED)).sum()) - len(kept.times) - len(scanned.times)
    repairs = Repairs.of(RepairKind.unreadable_rows, unread, "readings without a glucose")
    repairs += Repairs.of(RepairKind.unreadable_rows, _without_amount(injections, given), "insulin without an amount")
    if len(injections) and injections.has(_LONG):
        long_acting = float(np.nan_to_num(injections.numbers(_LONG)).sum())
        repairs += Repairs.of(RepairKind.long_acting_units, round(long_acting, 6))
    return LocalEvents(glucose=(kept, scanned), bolus=(injected,), repairs=repairs)


def _readings(
    cells: Cells, times: Timestamps, rows: npt.NDArray[np.bool_], column: str, unit: GlucoseUnit
) -> LocalGlucose:
    if not rows.any():
        return LocalGlucose()
    chosen = cells.where(rows)
    glucose = readings_of(chosen, column, unit, _WORDS)
    measured = ~np.isnan(glucose)
    return LocalGlucose(times[rows][measured], glucose[measured], chosen.texts(_SENSOR)[measured])


def _without_amount(injections: Cells, rapid: npt.NDArray[np.bool_]) -> int:
    """Rows of insulin that say neither how much was rapid-acting nor, in a later column, how much of another kind."""
    if not len(injections):
        return 0
    after = list(injections.header).index(_INSULIN) + 1
    other = np.array([any(map(_AMOUNT.match, row[after:])) for row in injections.rows], dtype=bool)
    other &= (injections.texts(_INSULIN) == "") | (injections.numbers(_INSULIN) == 0)
    return int((~rapid & ~other).sum())


def _types(cells: Cells) -> npt.NDArray[np.float64]:
    types = cells.numbers(_TYPE)
    if (row := first_true(~np.isin(types, _KNOWN_TYPES))) is not None:
        what = f"'{cells.texts(_TYPE)[row]}' is not one of LibreView's record types 0 to 6"
        raise cells.fault(row, _TYPE, what, "Mend or remove the row")
    return types
