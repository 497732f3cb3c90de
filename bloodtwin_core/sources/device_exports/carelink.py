"""Medtronic CareLink's CSV: a MiniMed pump's basal and boluses, and the readings of a Guardian sensor.

Layout: lines about the patient, then sections that begin with a line of dashes naming device and kind (Pump, Sensor),
each with the header again. Rows are numbered from the newest. Numbers may have a decimal comma.

In SmartGuard a 780G exports the insulin of its own as one total a day ("Aggregated Auto Insulin Data"): basal is not
known on such a day, and automatic corrections are missing from the boluses. A 670G exports each automatic delivery.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.automatic import unknown_on, with_deliveries
from bloodtwin_core.sources.device_exports.cells import Cells, Texts, parse_times
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.device_exports.glucose import declared_column, glucose_of
from bloodtwin_core.sources.device_exports.local import LocalBasal, LocalBolus, LocalEvents, LocalGlucose, joined
from bloodtwin_core.sources.device_exports.pump_log import DELIVERED, has_log, read_log

NAME = "Medtronic CareLink"
_DASHES = "-------"
_INDEX, _DATE, _TIME, _SOURCE = "Index", "Date", "Time", "Bolus Source"
_FORMATS = ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S")
_GLUCOSE = {"Sensor Glucose (mg/dL)": GlucoseUnit.mg_dl, "Sensor Glucose (mmol/L)": GlucoseUnit.mmol_l}
_AUTO_BASAL, _AUTO_TOTAL = "CLOSED_LOOP_AUTO_BASAL", "CLOSED_LOOP_AUTO_INSULIN"


@dataclass(frozen=True)
class _Section:
    """cells and their local times [row], oldest first; device as its opening line names it."""

    device: str
    cells: Cells
    times: Timestamps

    def where(self, keep: npt.NDArray[np.bool_]) -> "_Section":
        return replace(self, cells=self.cells.where(keep), times=self.times[keep])


def recognise(export: Export) -> bool:
    """Whether this is a CareLink export."""
    return export.has_row(_INDEX, _DATE, _TIME, "New Device Time")


def read(export: Export, settings: VendorSettings) -> LocalEvents:
    """Sensor readings, effective basal rates and delivered boluses of one export, oldest first.

    Raises DataError, with line and column, for what cannot be read, SettingsError if cgm-format is not installed.
    """
    sections = [section for section in _sections(export) if len(section.cells)]
    automatic_days = _automatic_days(sections)
    logs = [_log(section, automatic_days) for section in sections]
    return LocalEvents(
        glucose=tuple(_readings(section, settings) for section in sections),
        basal=tuple(basal for basal, _ in logs),
        bolus=tuple(bolus for _, bolus in logs),
        heard=tuple(section.times for section, (basal, _) in zip(sections, logs, strict=True) if len(basal.times)),
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
    return sections


def _section(cells: Cells, device: str) -> _Section:
    order = np.argsort(-cells.numbers(_INDEX), kind="stable")
    cells = cells.reordered(order)
    stamps = np.array(
        [f"{day} {time}".strip() for day, time in zip(cells.texts(_DATE), cells.texts(_TIME), strict=True)]
    )
    times = parse_times(cells, f"{_DATE} and {_TIME}", stamps.astype(object), _FORMATS)
    if (row := first_true(np.isnat(times))) is not None:
        raise cells.fault(row, _DATE, "the row has no date", "Add date and time, or remove the row")
    return _Section(device, cells, times)


def _readings(section: _Section, settings: VendorSettings) -> LocalGlucose:
    if not any(section.cells.has(name) for name in _GLUCOSE):
        return LocalGlucose()
    column, unit = declared_column(section.cells, _GLUCOSE, settings)
    glucose = glucose_of(section.cells, column, unit, {})
    measured = ~np.isnan(glucose)
    return LocalGlucose(
        section.times[measured], glucose[measured], np.full(int(measured.sum()), section.device, object)
    )


def _sources(section: _Section) -> Texts:
    cells = section.cells
    return cells.texts(_SOURCE) if cells.has(_SOURCE) else np.full(len(cells), "", dtype=object)


def _automatic_days(sections: Sequence[_Section]) -> Timestamps:
    """The local midnights [day] of days on which the pump delivered insulin of its own and tells only the total."""
    days = [_no_days()]
    for section in sections:
        total = section.where(_sources(section) == _AUTO_TOTAL)
        if len(total.cells):
            days.append(total.times[total.cells.numbers(DELIVERED) > 0].astype("datetime64[D]").astype("datetime64[s]"))
    return np.unique(np.concatenate(days))


def _no_days() -> Timestamps:
    return np.empty(0, dtype="datetime64[s]")


def _log(section: _Section, automatic_days: Timestamps) -> tuple[LocalBasal, LocalBolus]:
    """Basal and boluses of a section, one stretch after the other in which the clock was not set back."""
    if not has_log(section.cells):
        return LocalBasal(), LocalBolus()
    steps_back = np.flatnonzero(np.diff(section.times) < np.timedelta64(0, "s")) + 1
    edges = [0, *steps_back.tolist(), len(section.times)]
    basals, boluses = [], []
    for start, stop in pairwise(edges):
        rows = np.arange(len(section.times))
        stretch = section.where((rows >= start) & (rows < stop))
        basal, bolus = _stretch(stretch, automatic_days)
        basals.append(basal)
        boluses.append(bolus)
    return joined(LocalBasal, basals), joined(LocalBolus, boluses)


def _stretch(section: _Section, automatic_days: Timestamps) -> tuple[LocalBasal, LocalBolus]:
    """Basal, within the stretch's own time, and boluses of a stretch."""
    sources = _sources(section)
    by_hand = section.where((sources != _AUTO_BASAL) & (sources != _AUTO_TOTAL))
    basal, bolus = read_log(by_hand.cells, by_hand.times)
    automatic = section.where(sources == _AUTO_BASAL)
    if len(automatic.cells):
        doses = np.nan_to_num(automatic.cells.numbers(automatic.cells.name_of(DELIVERED)))
        basal = with_deliveries(basal, automatic.times, doses)
    if len(basal.times) == 0:
        return basal, bolus
    return unknown_on(basal, automatic_days, section.times[0], section.times[-1]), bolus
