"""CareLink's CSV of Paradigm and other pumps before 2018 (such as 522, 723, 530G).

Layout: lines about the patient, a header, then one row a log entry, oldest first. Each says in Raw-Type and Raw-Values
what it is; there is no column Basal Rate (U/h). Known from tidepool-org/uploader (lib/carelink) and the files of
bewest/decoding-carelink, in which a day's total stands at the midnight with which that day begins.
"""

import re

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.stated_totals import TotalOf
from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.carelink_totals import midnights
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.device_exports.dates import read_times
from bloodtwin_core.sources.device_exports.entries import entry_without_header, is_entry
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.device_exports.glucose import declared_column, glucose_of
from bloodtwin_core.sources.device_exports.local import (
    LocalBasal,
    LocalBolus,
    LocalEvents,
    LocalGlucose,
    LocalTotals,
    rate_at,
)
from bloodtwin_core.sources.device_exports.raw_rows import TYPE, VALUES, RawRows

NAME = "Medtronic CareLink of Paradigm pumps"
_DATE, _TIME = "Date", "Time"
_DEVICE = "Raw-Device Type"
_GLUCOSE = {"Sensor Glucose (mg/dL)": GlucoseUnit.mg_dl, "Sensor Glucose (mmol/L)": GlucoseUnit.mmol_l}
_RATE, _TEMPORARY, _TEMPORARY_SHARE = "BasalProfileStart", "ChangeTempBasal", "ChangeTempBasalPercent"
_SUSPENDED, _TOTAL = ("ChangeSuspendEnable", "ChangeSuspendState"), "ResultDailyTotal"
_AT_ONCE, _SPREAD = "BolusNormal", "BolusSquare"
_RUNNING = ("normal_pumping", "user_restart_basal", "auto_resume_complete", "auto_resume_reduced")
_STOPPED = ("user_suspend", "alarm_suspend", "low_suspend")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_MINUTE = 60_000.0
"""Durations in Raw-Values are in ms."""
_HOUR = np.timedelta64(1, "h")
"""Rows that go back by no more may be those of the hour that a change of the clocks repeats."""

_Mask = npt.NDArray[np.bool_]


def recognise(export: Export) -> bool:
    """Whether this is a CareLink export in the layout of Paradigm pumps."""
    return export.has_row(TYPE, VALUES)


def read(export: Export, settings: VendorSettings) -> LocalEvents:
    """Sensor readings, effective basal rates and delivered boluses of one export, oldest first.

    Raises DataError, with line and column, for what cannot be read, SettingsError where no date tells whether the day
    or the month comes first and vendor.date_order does not either.
    """
    rows = _rows(export)
    cells = rows.without_repeats()
    if not len(cells):
        return LocalEvents()
    stamps = np.array([f"{day} {time}" for day, time in zip(cells.texts(_DATE), cells.texts(_TIME), strict=True)])
    times = read_times(cells, f"{_DATE} and {_TIME}", stamps.astype(object), settings.date_order)
    if (np.diff(times) < -_HOUR).any():
        order = np.argsort(times, kind="stable")
        cells, times = cells.reordered(order), times[order]
    kinds = cells.texts(TYPE)
    told = _told(cells)
    basal = _rates(cells, times)
    return LocalEvents(
        glucose=(_readings(cells, times, settings),),
        basal=(basal,),
        bolus=tuple(_boluses(cells, times, kind) for kind in (_AT_ONCE, _SPREAD)),
        heard=(times[~np.char.startswith(kinds.astype(str), "GlucoseSensor")],) if len(basal.times) else (),
        stated=(_totals(cells, times),),
        repairs=Repairs.of(RepairKind.repeated_events, len(rows) - len(cells))
        + Repairs.of(RepairKind.unreadable_rows, int((~told).sum()), "rows that do not say what they are"),
    )


def _rows(export: Export) -> Cells:
    """The rows of all tables of the file, which must have the same columns."""
    headers = [place for place, row in enumerate(export.rows) if {TYPE, VALUES}.issubset(row)]
    if (
        above := next((place for place, row in enumerate(export.rows[: headers[0]]) if is_entry(row)), None)
    ) is not None:
        raise entry_without_header(export, above)
    table = export.table(headers[0], len(export.rows))
    entry = np.array([bool(row) and not row[0].startswith("--") and row != table.header for row in table.rows])
    other = np.array([bool({TYPE, VALUES}.issubset(row) and row != table.header) for row in table.rows], dtype=bool)
    if (row := first_true(other)) is not None:
        raise table.fault(row, TYPE, "a header of other columns stands here", "Give each export as a file of its own")
    return table.where(entry.astype(bool))


def _told(cells: Cells) -> _Mask:
    """Whether each row says what it is [row]; DataError where none does, so that the columns must be others."""
    told: _Mask = np.array([_KIND.fullmatch(text) is not None for text in cells.texts(TYPE)], dtype=bool)
    if not told.any():
        raise cells.fault(0, TYPE, "no row says what it is", "Export the file again, and leave it as it comes")
    return told


def _readings(cells: Cells, times: Timestamps, settings: VendorSettings) -> LocalGlucose:
    column, unit = declared_column(cells, _GLUCOSE, settings)
    glucose = glucose_of(cells, column, unit, {})
    measured = ~np.isnan(glucose)
    names = cells.texts(_DEVICE) if cells.has(_DEVICE) else np.full(len(cells), "", dtype=object)
    return LocalGlucose(times[measured], glucose[measured], names[measured])


def _chosen(cells: Cells, times: Timestamps, *kinds: str) -> tuple[RawRows, Timestamps]:
    """The rows of some types, and their times."""
    rows = np.isin(cells.texts(TYPE).astype(str), kinds)
    return RawRows.of(cells.where(rows)), times[rows]


def _boluses(cells: Cells, times: Timestamps, kind: str) -> LocalBolus:
    """Boluses of one type. One that was cut short lasted for its share of the time for which it was programmed."""
    rows, begun = _chosen(cells, times, kind)
    dose = rows.numbers("AMOUNT")
    if kind == _AT_ONCE:
        return LocalBolus(begun[dose > 0], dose[dose > 0], np.zeros(int((dose > 0).sum())))
    programmed = np.maximum(rows.numbers("PROGRAMMED_AMOUNT"), dose)
    with np.errstate(invalid="ignore", divide="ignore"):
        minutes = np.nan_to_num(rows.numbers("DURATION") / _MINUTE * dose / programmed)
    return LocalBolus(begun[dose > 0], dose[dose > 0], minutes[dose > 0])


def _rates(cells: Cells, times: Timestamps) -> LocalBasal:
    """The rate delivered: the profile's, over it temporary rates until their end or the next, 0 while suspended.

    Rows of the same second stand in any order, so that each kind is looked at for itself. During a suspension for low
    glucose the pump goes on logging the profile's rates, which are not delivered.
    """
    profile, changes = _chosen(cells, times, _RATE)
    if not len(changes):
        return LocalBasal()
    scheduled = _by_time(changes, profile.numbers("RATE"))
    stops, stopped_at = _chosen(cells, times, *_SUSPENDED)
    suspended = _by_time(stopped_at, _stopped(stops))
    begun, minutes, amount, share = _temporary(cells, times)
    ends = begun + np.rint(minutes * 60).astype(np.int64).astype("timedelta64[s]")
    moments = np.unique(np.concatenate([scheduled.times, suspended.times, begun, ends[minutes > 0]]))
    rate = rate_at(scheduled, moments)
    if len(begun):
        latest = np.searchsorted(begun, moments, side="right") - 1
        runs = (latest >= 0) & (moments < ends[latest])
        rate = np.where(runs, np.where(share[latest], rate * amount[latest], amount[latest]), rate)
    rate = np.where(np.nan_to_num(rate_at(suspended, moments)) > 0, 0.0, rate)
    return LocalBasal(moments[~np.isnan(rate)], rate[~np.isnan(rate)])


def _temporary(cells: Cells, times: Timestamps) -> tuple[Timestamps, Floats, Floats, _Mask]:
    """Temporary rates, sorted: when each began, its minutes (0 ends the one before), its amount, whether a share."""
    rates, rates_begun = _chosen(cells, times, _TEMPORARY)
    shares, shares_begun = _chosen(cells, times, _TEMPORARY_SHARE)
    begun = np.concatenate([rates_begun, shares_begun])
    minutes = np.concatenate([rates.numbers("DURATION"), shares.numbers("DURATION")]) / _MINUTE
    amount = np.concatenate([rates.numbers("RATE"), shares.numbers("PERCENT_OF_RATE") / 100.0])
    share = np.arange(len(begun)) >= len(rates_begun)
    order = np.lexsort([minutes, begun])
    return begun[order], minutes[order], amount[order], share[order]


def _stopped(rows: RawRows) -> Floats:
    """1 where the pump was stopped, 0 where it runs on [row]."""
    states = rows.texts("ENABLE")
    stopped = np.array([state.startswith(_STOPPED) for state in states], dtype=bool)
    if (row := first_true(~stopped & ~np.isin(states.astype(str), _RUNNING))) is not None:
        what = f"'{states[row]}' is no state of a pump that is known"
        raise rows.cells.fault(row, VALUES, what, "Report it, and remove the row if it changes no delivery")
    return stopped.astype(np.float64)


def _by_time(times: Timestamps, values: Floats) -> LocalBasal:
    order = np.argsort(times, kind="stable")
    return LocalBasal(times[order], values[order])


def _totals(cells: Cells, times: Timestamps) -> LocalTotals:
    """The totals that the pump kept itself, but for days that the log does not hold from beginning to end."""
    rows, days = _chosen(cells, times, _TOTAL)
    whole = (midnights(days) > midnights(times.min(keepdims=True))) & (days < midnights(times.max(keepdims=True)))
    return LocalTotals(midnights(days)[whole], rows.numbers("AMOUNT")[whole], TotalOf.all_insulin)
