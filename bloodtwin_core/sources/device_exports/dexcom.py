"""Dexcom Clarity's CSV: readings of a Dexcom sensor, and insulin that the wearer wrote down.

Layout: a header, rows without a timestamp that describe patient, devices and alerts, then one row an event, oldest
first. The glucose column says its unit. What a pump delivered is not in it.
"""

import numpy as np

from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.device_exports.glucose import declared_column, glucose_of
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
_READING, _INSULIN_EVENT, _RAPID = "EGV", "Insulin", "Fast-Acting"


def recognise(export: Export) -> bool:
    """Whether this is a Clarity export."""
    return export.has_row(_TIME, _EVENT)


def read(export: Export, settings: VendorSettings) -> LocalEvents:
    """The sensor's readings and the rapid-acting insulin of one export, in file order.

    A long-acting injection is no basal rate and is left out, as are fingersticks, meals and exercise.
    Raises DataError, with line and column, for what cannot be read, SettingsError for a unit that is declared twice.
    """
    cells = export.only_table(_TIME, _EVENT, above=0)
    column, unit = declared_column(cells, _GLUCOSE, settings)
    kinds = cells.texts(_EVENT)
    readings = cells.where(kinds == _READING)
    injections = cells.where((kinds == _INSULIN_EVENT) & (cells.texts(_SUBTYPE) == _RAPID))
    glucose = glucose_of(readings, column, unit, _WORDS)
    measured = ~np.isnan(glucose)
    doses = np.nan_to_num(injections.numbers(injections.name_of(*_INSULIN))) if len(injections) else np.empty(0)
    given = doses > 0
    seen = LocalGlucose(
        readings.required_times(_TIME, _TIME_FORMATS)[measured],
        glucose[measured],
        readings.texts(readings.name_of(*_SENSOR))[measured],
    )
    injected = LocalBolus(
        injections.required_times(_TIME, _TIME_FORMATS)[given], doses[given], np.zeros(int(given.sum()))
    )
    return LocalEvents(glucose=(seen,), bolus=(injected,))
