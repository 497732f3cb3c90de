"""Sensor readings of a Glooko export."""

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.kinds import GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.units import GlucoseUnit, UnitsError, in_mg_per_dl
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.device_exports.local import BEYOND, SENSOR_HIGH, SENSOR_LOW
from bloodtwin_core.sources.glooko.tables import GLUCOSE_MG, GLUCOSE_MMOL, SERIAL
from bloodtwin_core.sources.glooko.times import RowsInUtc

_LOW_MARKS = {GlucoseUnit.mg_dl: (1.0,), GlucoseUnit.mmol_l: (0.1,)}
_HIGH_MARKS = {GlucoseUnit.mg_dl: (2001.0,), GlucoseUnit.mmol_l: (111.0, 111.1)}
"""What exports write for a reading below or above the sensor's range; the mmol/L forms are those numbers converted."""
_WORDS = ("low", "lo", "high", "hi")


def glucose_events(pump_id: str, rows: RowsInUtc) -> PumpEvents:
    """The readings of one table. Raises DataError for a cell that is no glucose, UnitsError for another unit."""
    cells = rows.cells
    column, unit = (GLUCOSE_MG, GlucoseUnit.mg_dl) if cells.has(GLUCOSE_MG) else (GLUCOSE_MMOL, GlucoseUnit.mmol_l)
    glucose = _glucose(cells, column, unit)
    measured = ~np.isnan(glucose)
    sensor = cells.texts(SERIAL).astype(str) if cells.has(SERIAL) else np.full(len(cells), "")
    unread = Repairs.of(RepairKind.unreadable_rows, int((~measured).sum()), "readings without a glucose")
    readings = GlucoseEvents.of(rows.of(measured), glucose[measured], sensor[measured])
    return PumpEvents(pump_id, glucose=readings, repairs=rows.repairs + unread)


def _glucose(cells: Cells, column: str, unit: GlucoseUnit) -> Floats:
    """Glucose [row], mg/dL, NaN where empty."""
    texts = np.array([text.lower() for text in cells.texts(column)], dtype=object).astype(str)
    values = cells.numbers(column, dict.fromkeys(_WORDS, np.nan))
    low = np.isin(texts, ("low", "lo")) | np.isin(values, _LOW_MARKS[unit])
    high = np.isin(texts, ("high", "hi")) | np.isin(values, _HIGH_MARKS[unit])
    if (row := first_true(values == 0)) is not None:
        raise cells.fault(row, column, "a glucose cannot be 0", "Leave the field empty if it was not measured")
    try:
        glucose = in_mg_per_dl(np.where(low | high, np.nan, values), unit)
    except UnitsError as error:
        raise UnitsError(error.what, todo=error.todo, file=cells.path, line=cells.header_line, column=column) from error
    glucose = np.where(low, SENSOR_LOW - BEYOND, glucose)
    return np.where(high, SENSOR_HIGH + BEYOND, glucose)
