"""Tandem t:connect's CSV: readings, boluses and, from pumps without Control-IQ, basal rates of a t:slim pump.

Layout: lines about the export, then tables of their own header each: readings, insulin on board, basal, boluses. The
older layout's column of readings names no unit, so the setting must; the newer one says mg/dL. Basal is not exported
while Control-IQ runs and is unknown then: the source `tandem` has it.
"""

from collections.abc import Sequence

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.device_exports.export import FIRST_ROWS, Export
from bloodtwin_core.sources.device_exports.glucose import declared_column, readings_of
from bloodtwin_core.sources.device_exports.local import (
    BEYOND,
    SENSOR_HIGH,
    SENSOR_LOW,
    LocalBasal,
    LocalBolus,
    LocalCarbohydrates,
    LocalEvents,
    LocalGlucose,
)

NAME = "t:connect"
_TIME_FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
_EVENT_TIME, _KIND, _SENSOR = "EventDateTime", "Description", "SerialNumber"
_GLUCOSE = {
    "Readings (mg/dL)": GlucoseUnit.mg_dl,
    "Readings (mmol/L)": GlucoseUnit.mmol_l,
    "Readings (CGM / BGM)": None,
}
_WORDS = {"Low": SENSOR_LOW - BEYOND, "High": SENSOR_HIGH + BEYOND}
_READING, _FINGERSTICKS = "EGV", ("BG", "Calibration")
_BASAL = ("BasalRate", "BasalRate (U/h)", "BasalRate (U/hr)")
_DONE, _DELIVERED, _REQUESTED = "CompletionDateTime", "InsulinDelivered", "RequestDateTime"
_TOLD = frozenset({"Bolus", "Basal", _READING})
"""What rows say of themselves in one of their first columns."""
_EXTENDED, _EXTENDED_BEGUN, _EXTENDED_DONE = "BolexInsulinDelivered", "BolexStartDateTime", "BolexCompletionDateTime"
_CARBOHYDRATES = "CarbSize"
_ASKED_FOR, _SHARE_AT_ONCE = "ActualTotalBolusRequested", "StandardPercent"
_ROUNDING = 0.05
"""U; doses are exported with two decimals, and parts may not add up to the last one."""
_HOUR = 60.0


def recognise(export: Export) -> bool:
    """Whether this is a t:connect export."""
    return any(_kind(row) for row in export.rows[:FIRST_ROWS])


def read(export: Export, settings: VendorSettings) -> LocalEvents:
    """Sensor readings, basal rates, delivered boluses and their carbohydrates of one export, in file order.

    Raises DataError, with line and column, for what cannot be read, SettingsError if no unit of glucose is declared.
    """
    headers = [place for place, row in enumerate(export.rows) if _is_header(row)]
    tables = [export.table(start, stop) for start, stop in zip(headers, [*headers[1:], len(export.rows)], strict=True)]
    kinds = [(_kind(table.header), table) for table in tables]
    for kind, table in kinds:
        if not kind:
            _refuse_told_insulin(table)
    basal = tuple(_rates(table) for kind, table in kinds if kind == "basal")
    glucose = tuple(_readings(table, settings) for kind, table in kinds if kind == "glucose")
    read_rows = sum(
        int((~np.isin(table.texts(_KIND).astype(str), _FINGERSTICKS)).sum())
        for kind, table in kinds
        if kind == "glucose"
    )
    unread = read_rows - sum(len(readings.times) for readings in glucose)
    return LocalEvents(
        glucose=glucose,
        basal=basal,
        bolus=tuple(part for kind, table in kinds if kind == "bolus" for part in _boluses(table)),
        heard=tuple(rates.times for rates in basal),
        carbohydrates=tuple(_announced(table) for kind, table in kinds if kind == "bolus"),
        repairs=Repairs.of(RepairKind.unreadable_rows, unread, "readings without a glucose or of no known kind"),
    )


def _is_header(row: Sequence[str]) -> bool:
    return _EVENT_TIME in row or _DONE in row


def _kind(header: Sequence[str]) -> str:
    """What the table under this header holds; "" if nothing that is read, or if it is no header."""
    if _EVENT_TIME in header and _KIND in header and any(name in header for name in _GLUCOSE):
        return "glucose"
    if _EVENT_TIME in header and any(name in header for name in _BASAL):
        return "basal"
    return "bolus" if _DONE in header and _DELIVERED in header else ""


def _refuse_told_insulin(table: Cells) -> None:
    """Raise DataError where rows of a table that is not read say that they hold insulin or readings."""
    told = np.array([not _TOLD.isdisjoint(row[:3]) for row in table.rows], dtype=bool)
    if (row := first_true(told)) is not None:
        what = f"'{', '.join(table.rows[row][:3])}' stands in a table without the columns for it"
        raise table.fault(row, table.header[0], what, "Export the file again, and leave it as it comes")


def _readings(table: Cells, settings: VendorSettings) -> LocalGlucose:
    column, unit = declared_column(table, _GLUCOSE, settings)
    readings = table.where(table.texts(_KIND) == _READING)
    times = readings.required_times(_EVENT_TIME, _TIME_FORMATS)
    glucose = readings_of(readings, column, unit, _WORDS)
    measured = ~np.isnan(glucose)
    return LocalGlucose(times[measured], glucose[measured], readings.texts(_SENSOR)[measured])


def _rates(table: Cells) -> LocalBasal:
    column = table.name_of(*_BASAL)
    rates, times = table.numbers(column), table.required_times(_EVENT_TIME, _TIME_FORMATS)
    told = ~np.isnan(rates)
    return LocalBasal(times[told], rates[told])


def _boluses(table: Cells) -> list[LocalBolus]:
    """What was delivered at once, and what was delivered as the extended part, of all boluses of a table.

    A bolus that was cancelled before it began or that has only begun has nothing delivered, and is none. Where the
    export does not say when delivery began (the newer layout) the dose stands at its completion.
    """
    at_once, extended = _doses(table)
    normal, spread = table.where(at_once > 0), table.where(extended > 0)
    done = normal.times(_DONE, _TIME_FORMATS)
    begun = normal.times(_REQUESTED, _TIME_FORMATS) if normal.has(_REQUESTED) else done
    begun, done = np.where(np.isnat(begun), done, begun), np.where(np.isnat(done), begun, done)
    if (row := first_true(np.isnat(begun))) is not None:
        raise normal.fault(row, _DONE, "the bolus has no time", "Add the timestamp, or remove the row")
    boluses = [LocalBolus(begun, at_once[at_once > 0], _minutes(normal, begun, done, _DONE))]
    if len(spread):
        begun = spread.required_times(_EXTENDED_BEGUN, _TIME_FORMATS)
        done = spread.required_times(_EXTENDED_DONE, _TIME_FORMATS)
        boluses.append(LocalBolus(begun, extended[extended > 0], _minutes(spread, begun, done, _EXTENDED_DONE)))
    return boluses


def _announced(table: Cells) -> LocalCarbohydrates:
    """Grams told to the pump with boluses that were delivered, when they were asked for, else when they were done."""
    if not table.has(_CARBOHYDRATES):
        return LocalCarbohydrates()
    at_once, extended = _doses(table)
    grams = np.nan_to_num(table.numbers(_CARBOHYDRATES))
    told = (grams > 0) & (at_once + extended > 0)
    rows = table.where(told)
    times = np.full(len(rows), np.datetime64("NaT", "s"))
    for column in (_REQUESTED, _EXTENDED_BEGUN, _DONE):
        if rows.has(column):
            times = np.where(np.isnat(times), rows.times(column, _TIME_FORMATS), times)
    known = ~np.isnat(times)
    return LocalCarbohydrates(times[known], grams[told][known])


def _doses(table: Cells) -> tuple[Floats, Floats]:
    """U delivered at once and U delivered extended, each [row], together what the pump delivered.

    Layouts differ in whether InsulinDelivered holds the extended part too. It does where both together would be more
    than was asked for, or, where that is not exported, where the share at once fits better so.
    """
    delivered = np.nan_to_num(table.numbers(_DELIVERED))
    extended = np.nan_to_num(table.numbers(_EXTENDED)) if table.has(_EXTENDED) else np.zeros(len(table))
    if not (extended > 0).any():
        return delivered, extended
    if table.has(_ASKED_FOR):
        asked_for = table.numbers(_ASKED_FOR)
        within = delivered + extended > asked_for + _ROUNDING
    else:
        share = table.numbers(table.name_of(_SHARE_AT_ONCE)) / 100.0
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.abs(delivered / (delivered + extended) - share)
            inside = np.abs((delivered - extended) / delivered - share)
        within = inside < apart
    within &= (extended > 0) & (delivered >= extended - _ROUNDING)
    return np.where(within, np.maximum(delivered - extended, 0.0), delivered), extended


def _minutes(table: Cells, begun: Timestamps, done: Timestamps, column: str) -> Floats:
    """Minutes from begun to done; an hour more where the clock went back to standard time in between."""
    minutes = (done - begun).astype("timedelta64[s]").astype(np.float64) / 60.0
    minutes = np.where((minutes < 0) & (minutes >= -_HOUR), minutes + _HOUR, minutes)
    if (row := first_true((minutes < 0) | (minutes > 24 * _HOUR))) is not None:
        what = "the delivery ends before it begins, or more than a day later"
        raise table.fault(row, column, what, "Correct the timestamp, or remove the row")
    return minutes
