"""Medtronic CareLink's CSV: a MiniMed pump's basal and boluses, and the readings of a Guardian sensor.

Layout: lines about the patient, then sections that begin with a line of dashes naming device and kind (Pump, Sensor),
each with the header again. Rows are numbered from the newest. Numbers may have a decimal comma.

In automatic mode a pump gives micro-bolus after micro-bolus instead of its programmed rate. Most exports hold each of
them; newer ones of a 780G hold one total a day instead ("Aggregated Auto Insulin Data"): basal is not known on such a
day, and automatic corrections are missing from the boluses.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import VendorSettings, paradigm
from bloodtwin_core.sources.device_exports.automatic import automatic_mode, off_schedule, unknown_on, with_deliveries
from bloodtwin_core.sources.device_exports.bolus_pairs import DELIVERED, read_boluses
from bloodtwin_core.sources.device_exports.bolus_sources import SOURCE, BolusSource, bolus_sources
from bloodtwin_core.sources.device_exports.carelink_totals import PumpLog, midnights, stated_totals
from bloodtwin_core.sources.device_exports.cells import Cells, parse_times
from bloodtwin_core.sources.device_exports.entries import entry_without_header, is_entry
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.device_exports.glucose import declared_column, glucose_of
from bloodtwin_core.sources.device_exports.local import LocalBasal, LocalBolus, LocalEvents, LocalGlucose, joined
from bloodtwin_core.sources.device_exports.pump_log import BASAL_RATE, has_log, read_rates

NAME = "Medtronic CareLink"
_DASHES = "-------"
_INDEX, _DATE, _TIME = "Index", "Date", "Time"
_FORMATS = ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")
_GLUCOSE = {"Sensor Glucose (mg/dL)": GlucoseUnit.mg_dl, "Sensor Glucose (mmol/L)": GlucoseUnit.mmol_l}
_MARKER, _BY_PEN = "Event Marker", "insulin of a pen, as an event marker"
_INJECTION = re.compile(r"insulin\D*(\d+(?:[.,]\d+)?)", re.IGNORECASE)
_ALARMS = ("Alarm", "Alert")
_WITH_AUTOMATIC_MODE = re.compile(r"\b(?:670|770|780)G\b")
_EXIT = re.compile(r"(?:SMART ?GUARD|AUTO ?MODE)[ _]+(?:EXIT|OFF|STOP)", re.IGNORECASE)
"""Not AUTO MODE ACTIVE PLGM OFF, with which automatic mode begins."""


@dataclass(frozen=True)
class _Section:
    """cells and their local times [row], oldest first; device as its opening line names it; rows that stood twice."""

    device: str
    cells: Cells
    times: Timestamps
    repeated: int = 0

    def where(self, keep: npt.NDArray[np.bool_]) -> "_Section":
        return replace(self, cells=self.cells.where(keep), times=self.times[keep])


def recognise(export: Export) -> bool:
    """Whether this is a CareLink export of a pump that is no Paradigm."""
    return export.has_row(_INDEX, _DATE, _TIME, "New Device Time") and not paradigm.recognise(export)


def read(export: Export, settings: VendorSettings) -> LocalEvents:
    """Sensor readings, effective basal rates and delivered boluses of one export, oldest first.

    Raises DataError, with line and column, for what cannot be read, SettingsError if cgm-format is not installed.
    """
    sections = [section for section in _sections(export) if len(section.cells)]
    unknown_days = _days_without_deliveries(sections)
    logs = [_logs(section, unknown_days) for section in sections]
    return LocalEvents(
        glucose=tuple(_readings(section, settings) for section in sections),
        basal=tuple(joined(LocalBasal, [log.basal for log in parts]) for parts in logs if parts),
        bolus=tuple(joined(LocalBolus, [log.bolus for log in parts]) for parts in logs if parts),
        heard=tuple(
            section.times
            for section, parts in zip(sections, logs, strict=True)
            if any(len(log.basal.times) for log in parts)
        ),
        stated=stated_totals([log for parts in logs for log in parts], _totals(sections)),
        repairs=sum(
            (_marked_insulin(section.cells) for section in sections),
            Repairs.of(RepairKind.repeated_events, sum(section.repeated for section in sections)),
        ),
    )


def _sections(export: Export) -> list[_Section]:
    """Every section's rows, in the order in which the device logged them: by falling number."""
    sections: list[_Section] = []
    device, start = "", None
    for place, row in enumerate([*export.rows, [_DASHES]]):
        if row[0].startswith(_DASHES):
            if start is not None:
                sections.append(_section(export.table(start, place), device))
            device, start = "/".join(cell for cell in row[1:4] if cell), None
        elif {_INDEX, _DATE, _TIME}.issubset(row):
            if start is not None:
                sections.append(_section(export.table(start, place), device))
            start = place
        elif start is None and is_entry(row):
            raise entry_without_header(export, place)
    return sections


def _section(cells: Cells, device: str) -> _Section:
    whole, cells = len(cells), cells.without_repeats()
    cells = cells.reordered(np.argsort(-cells.numbers(_INDEX), kind="stable"))
    _refuse_without_source(cells, device)
    stamps = np.array(
        [f"{day} {time}".strip() for day, time in zip(cells.texts(_DATE), cells.texts(_TIME), strict=True)]
    )
    times = parse_times(cells, f"{_DATE} and {_TIME}", stamps.astype(object), _FORMATS)
    if (row := first_true(np.isnat(times))) is not None:
        raise cells.fault(row, _DATE, "the row has no date", "Add date and time, or remove the row")
    return _Section(device, cells, times, whole - len(cells))


def _refuse_without_source(cells: Cells, device: str) -> None:
    """Without it the micro-boluses of a pump with an automatic mode would pass for boluses."""
    if _WITH_AUTOMATIC_MODE.search(device) and has_log(cells):
        cells.name_of(SOURCE)


def _readings(section: _Section, settings: VendorSettings) -> LocalGlucose:
    if not any(section.cells.has(name) for name in _GLUCOSE):
        return LocalGlucose()
    column, unit = declared_column(section.cells, _GLUCOSE, settings)
    glucose = glucose_of(section.cells, column, unit, {})
    measured = ~np.isnan(glucose)
    return LocalGlucose(
        section.times[measured], glucose[measured], np.full(int(measured.sum()), section.device, object)
    )


def _marked_insulin(cells: Cells) -> Repairs:
    """Insulin of a pen that the wearer wrote into the pump as an event: nobody knows when and which."""
    if not cells.has(_MARKER):
        return Repairs()
    marks = [_INJECTION.search(text) for text in cells.texts(_MARKER)]
    units = sum(float(mark[1].replace(",", ".")) for mark in marks if mark)
    repairs = Repairs.of(RepairKind.unreadable_rows, sum(mark is not None for mark in marks), _BY_PEN)
    return repairs + Repairs.of(RepairKind.unreadable_units, round(units, 6), _BY_PEN)


def _totals(sections: Sequence[_Section]) -> LocalBolus:
    """The days' totals of automatic insulin, at the midnights at which they stand."""
    totals = [section.where(_is_total(section)) for section in sections]
    parts = [(section.times, section.cells.numbers(DELIVERED)) for section in totals if len(section.cells)]
    return joined(LocalBolus, [LocalBolus(times, np.nan_to_num(units), np.zeros(len(times))) for times, units in parts])


def _is_total(section: _Section) -> npt.NDArray[np.bool_]:
    total: npt.NDArray[np.bool_] = bolus_sources(section.cells) == BolusSource.automatic_total
    return total


def _days_without_deliveries(sections: Sequence[_Section]) -> Timestamps:
    """The local midnights [day] of days on which the pump delivered insulin of its own and tells only the total."""
    days = [_no_days()]
    told = [_no_days()]
    for section in sections:
        totals = section.where(_is_total(section))
        if len(totals.cells):
            days.append(midnights(totals.times[np.nan_to_num(totals.cells.numbers(DELIVERED)) > 0]))
        told.append(midnights(section.times[bolus_sources(section.cells) == BolusSource.automatic_basal]))
    return np.setdiff1d(np.concatenate(days), np.concatenate(told))


def _no_days() -> Timestamps:
    return np.empty(0, dtype="datetime64[s]")


def _logs(section: _Section, unknown_days: Timestamps) -> list[PumpLog]:
    """The logs of a section, one for each stretch in which the clock was not set back; none where it holds no log."""
    if not has_log(section.cells):
        return []
    section = section.where(~_is_total(section))
    steps_back = np.flatnonzero(np.diff(section.times) < np.timedelta64(0, "s")) + 1
    rows = np.arange(len(section.times))
    edges = [0, *steps_back.tolist(), len(rows)]
    stretches = [section.where((rows >= start) & (rows < stop)) for start, stop in pairwise(edges) if stop > start]
    return [_stretch(stretch, unknown_days) for stretch in stretches]


def _stretch(section: _Section, unknown_days: Timestamps) -> PumpLog:
    """Basal, within the stretch's own time, and boluses of a stretch."""
    automatic = bolus_sources(section.cells) == BolusSource.automatic_basal
    others, deliveries = section.where(~automatic), section.where(automatic)
    basal, bolus = read_rates(others.cells, others.times), read_boluses(others.cells, others.times)
    doses = deliveries.cells.numbers(DELIVERED)
    told = ~np.isnan(doses)
    times = deliveries.times[told]
    exits = _exits(others)
    if len(times):
        basal = with_deliveries(basal, times, doses[told], automatic_mode(times, exits))
    if len(basal.times):
        basal = unknown_on(basal, unknown_days, section.times[0], section.times[-1])
    return PumpLog(section.cells, section.times, basal, bolus, exits)


def _exits(section: _Section) -> Timestamps:
    """When the pump logged that it left automatic mode, by an alarm or a rate that no profile begins then; sorted."""
    rates = ~np.isnan(section.cells.numbers(BASAL_RATE)) & off_schedule(section.times)
    for name in _ALARMS:
        if section.cells.has(name):
            rates |= np.array([bool(_EXIT.search(text)) for text in section.cells.texts(name)], dtype=bool)
    return np.sort(section.times[rates])
