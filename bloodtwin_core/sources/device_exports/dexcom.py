"""Dexcom Clarity's CSV: readings of a Dexcom sensor, and insulin that the wearer wrote down.

Layout: a header, rows without a timestamp that describe patient, devices and alerts, then one row an event, oldest
first. The glucose column says its unit. What a pump delivered is not in it.
"""

import numpy as np

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.cells import Cells, CellTexts
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.device_exports.glucose import declared_column, readings_of
from bloodtwin_core.sources.device_exports.languages import ENGLISH
from bloodtwin_core.sources.device_exports.local import (
    BEYOND,
    SENSOR_HIGH,
    SENSOR_LOW,
    LocalBolus,
    LocalEvents,
    LocalGlucose,
)

NAME = "Dexcom Clarity"
_TIME = "Timestamp (YYYY-MM-DDThh:mm:ss)"
_TIME_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
_EVENT, _SUBTYPE = "Event Type", "Event Subtype"
_GLUCOSE = {"Glucose Value (mg/dL)": GlucoseUnit.mg_dl, "Glucose Value (mmol/L)": GlucoseUnit.mmol_l}
_WORDS = {"Low": SENSOR_LOW - BEYOND, "High": SENSOR_HIGH + BEYOND}
_INSULIN = ("Insulin Value (u)", "Insulin Value (U)")
_SENSOR = ("Transmitter ID", "Source Device ID")
_READING, _INSULIN_EVENT, _RAPID, _LONG = "EGV", "Insulin", "Fast-Acting", "Long-Acting"
_ACTING = (_RAPID, _LONG)
_OF_NO_KIND = "insulin of no known kind"
_EVENTS = (_READING, _INSULIN_EVENT, "Carbs", "Exercise", "Calibration", "Health", "Alert", "Note", "Notes", "Device")
"""What rows with a time are known to be; others are counted as not understood."""


def recognise(export: Export) -> bool:
    """Whether this is a Clarity export."""
    return export.has_row(_TIME, _EVENT)


def read(export: Export, settings: VendorSettings) -> LocalEvents:
    """The sensor's readings and the rapid-acting insulin of one export, in file order.

    A long-acting injection is no basal rate and is counted. Fingersticks, meals and exercise are left out. Readings
    without a glucose and rows of a kind that is not known are counted.
    Raises DataError, with line and column, for what cannot be read, SettingsError for a unit that is declared twice.
    """
    cells = export.only_table(_TIME, _EVENT, above=0)
    column, unit = declared_column(cells, _GLUCOSE, settings)
    events = cells.texts(_EVENT)
    readings = cells.where(events == _READING)
    _refuse_unknown_words(export, cells, column)
    glucose = readings_of(readings, column, unit, _WORDS)
    measured = ~np.isnan(glucose)
    times = readings.required_times(_TIME, _TIME_FORMATS)
    seen = LocalGlucose(times[measured], glucose[measured], _sensors(export, readings)[measured])
    other = (cells.texts(_TIME) != "") & ~np.isin(events.astype(str), _EVENTS)
    repairs = Repairs.of(RepairKind.unreadable_rows, int((~measured).sum()), "readings without a glucose")
    repairs += Repairs.of(RepairKind.unreadable_rows, int(other.sum()), "rows of an event that is not known")
    injected, left_out = _injected(cells)
    return LocalEvents(glucose=(seen,), bolus=(injected,), repairs=repairs + left_out)


def _injected(cells: Cells) -> tuple[LocalBolus, Repairs]:
    """The rapid-acting insulin that was written down, and what of other insulin."""
    injections = cells.where(cells.texts(_EVENT) == _INSULIN_EVENT)
    if not len(injections):
        return LocalBolus(), Repairs()
    acting = injections.texts(_SUBTYPE)
    doses = np.nan_to_num(injections.numbers(injections.name_of(*_INSULIN)))
    given, unknown = (acting == _RAPID) & (doses > 0), ~np.isin(acting.astype(str), _ACTING)
    repairs = Repairs.of(RepairKind.long_acting_units, round(float(doses[acting == _LONG].sum()), 6))
    repairs += Repairs.of(RepairKind.unreadable_rows, int(unknown.sum()), _OF_NO_KIND)
    repairs += Repairs.of(RepairKind.unreadable_units, round(float(doses[unknown].sum()), 6), _OF_NO_KIND)
    times = injections.where(given).required_times(_TIME, _TIME_FORMATS)
    return LocalBolus(times, doses[given], np.zeros(int(given.sum()))), repairs


def _sensors(export: Export, readings: Cells) -> CellTexts:
    """The transmitter of each reading [row]; "" where an export in another language does not name it as known."""
    if export.language != ENGLISH and not any(readings.has(name) for name in _SENSOR):
        return np.full(len(readings), "", dtype=object)
    return readings.texts(readings.name_of(*_SENSOR))


def _refuse_unknown_words(export: Export, cells: Cells, glucose: str) -> None:
    """Refuse an export in another language whose readings or insulin are called what nobody here knows."""
    if export.language == ENGLISH:
        return
    events, times = cells.texts(_EVENT), cells.texts(_TIME)
    todo = "Export the file again in English"
    values = (cells.texts(glucose) != "") & (times != "")
    if not (events == _READING).any() and (row := first_true(values)) is not None:
        what = f"which rows are readings of the sensor is not known in {export.language}; this one is '{events[row]}'"
        raise cells.fault(row, _EVENT, what, todo)
    name = next((name for name in _INSULIN if cells.has(name)), None)
    if name is None:
        return
    kinds = cells.texts(_SUBTYPE) if cells.has(_SUBTYPE) else events
    known = (events == _INSULIN_EVENT) & np.isin(kinds.astype(str), _ACTING)
    if (row := first_true((cells.texts(name) != "") & (times != "") & ~known)) is not None:
        what = f"whether insulin is rapid-acting is not known in {export.language}; this one is '{kinds[row]}'"
        raise cells.fault(row, _EVENT, what, todo)
