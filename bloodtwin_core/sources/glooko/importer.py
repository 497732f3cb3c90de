"""Exports of Glooko: the folder or zip file that its site gives, with readings, basal, boluses and daily totals.

Files are known by their columns (tables.py). Times are local wall times of data.glooko.time_zone. Several exports of
one wearer may overlap; what stands in two of them counts once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.clocks import utc_from_local
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.silence import until_unheard
from bloodtwin_core.events.stated_totals import StatedTotals, TotalOf
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.exported_files import ExportedFile, files_in, wearers_of
from bloodtwin_core.sources.fetching import known_zone
from bloodtwin_core.sources.glooko import GlookoSettings
from bloodtwin_core.sources.glooko.basal import basal_events, basal_rows
from bloodtwin_core.sources.glooko.boluses import bolus_events
from bloodtwin_core.sources.glooko.readings import glucose_events
from bloodtwin_core.sources.glooko.tables import (
    MANUAL_INSULIN,
    TOTAL_ALL,
    TOTAL_BASAL,
    TOTAL_BOLUS,
    TableKind,
    export_of,
    is_export_file,
    is_read,
    table_of,
)
from bloodtwin_core.sources.glooko.times import LocalRows, local_rows, local_times, rows_in_utc

WHAT = "an export of Glooko"
_DAY = np.timedelta64(24 * 3600, "s")
_TOTALS = {TOTAL_ALL: TotalOf.all_insulin, TOTAL_BOLUS: TotalOf.bolus, TOTAL_BASAL: TotalOf.basal}
_HEADER_ROWS = 2
_BY_HAND = "insulin written down by hand"
_AMOUNT_NAME = re.compile(r"value|wert|units|einheiten|dose|dosis", re.IGNORECASE)
_AMOUNT = re.compile(r"\d{1,4}(?:[.,]\d{1,4})?")


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each wearer, by the name of the folder or file.

    Raises SettingsError if data.root or data.glooko.time_zone is not set, DataError, with file, line and column, for
    what cannot be read.
    """
    own = settings.of(GlookoSettings)
    zone = known_zone(own.time_zone, "data.glooko.time_zone", "the zone that pump and sensor were set to")
    own = own.model_copy(update={"time_zone": zone})
    wearers = wearers_of(settings, is_export_file, WHAT)
    for wearer, paths in wearers.items():
        found = events_of(wearer, list(files_in(paths, is_export_file)), own)
        yield found if CARBOHYDRATES in settings.extra_features else replace(found, extra={})


def events_of(pump_id: str, files: Sequence[ExportedFile], settings: GlookoSettings) -> PumpEvents:
    """What the files of one wearer say. Raises as events does."""
    parts: list[PumpEvents] = []
    tables: dict[TableKind, list[LocalRows]] = {kind: [] for kind in TableKind}
    for file in files:
        if not is_read(file.name):
            parts.append(PumpEvents(pump_id, repairs=_written_by_hand(file)))
            continue
        kind, cells = table_of(file)
        if kind is TableKind.totals:
            parts.append(PumpEvents(pump_id, stated=_stated(cells, settings)))
        else:
            tables[kind].append(local_rows(cells, settings))
    parts.append(_told(pump_id, tables, settings))
    merged = PumpEvents(pump_id, wearer_zone=settings.time_zone).merged(*parts)
    if not len(merged):
        where = files[0].path.parent if files else settings.time_zone
        raise DataError(f"{where} holds no reading, basal or bolus", todo="Export days on which the pump was worn")
    return until_unheard(merged, merged.basal.times)


def _told(pump_id: str, tables: Mapping[TableKind, Sequence[LocalRows]], settings: GlookoSettings) -> PumpEvents:
    """What the tables say, by one clock."""
    together = [(kind, table) for kind, mine in tables.items() for table in mine]
    rows, clock = rows_in_utc([table for _, table in together], zone_named(settings.time_zone))
    told = {kind: [each for (of, _), each in zip(together, rows, strict=True) if of is kind] for kind in TableKind}
    basal = [basal_rows(table) for table in told[TableKind.basal]]
    repairs = sum((table.repairs for table in basal), clock)
    return PumpEvents(pump_id, basal=basal_events(basal), repairs=repairs).merged(
        *(glucose_events(pump_id, table) for table in told[TableKind.glucose]),
        *(bolus_events(pump_id, table, settings.extended_minutes) for table in told[TableKind.bolus]),
    )


def _stated(cells: Cells, settings: GlookoSettings) -> StatedTotals:
    """Daily totals, from each local midnight to the next, whatever the hour they are stamped with."""
    days = local_times(cells, settings).astype("datetime64[D]").astype("datetime64[s]")
    zone = zone_named(settings.time_zone)
    next_days = (days + _DAY).astype("datetime64[s]")
    (starts, _), (ends, _) = utc_from_local(days, zone), utc_from_local(next_days, zone)
    found = []
    for column, kind in _TOTALS.items():
        if cells.has(column):
            units = cells.numbers(column)
            told = ~np.isnan(units)
            found.append(StatedTotals.of(starts[told], ends[told], units[told], kind))
    return StatedTotals().joined(found)


def _written_by_hand(file: ExportedFile) -> Repairs:
    """Insulin that the wearer wrote down is told from none: it is not read, and counted by its rows."""
    if not MANUAL_INSULIN.match(file.name):
        return Repairs()
    rows = export_of(file).rows
    header = rows[_HEADER_ROWS - 1] if len(rows) >= _HEADER_ROWS else []
    amounts = [place for place, name in enumerate(header) if _AMOUNT_NAME.fullmatch(name)]
    cells = [row[place] for row in rows[_HEADER_ROWS:] for place in amounts if place < len(row)]
    units = sum(float(cell.replace(",", ".")) for cell in cells if _AMOUNT.fullmatch(cell))
    repairs = Repairs.of(RepairKind.unreadable_rows, max(len(rows) - _HEADER_ROWS, 0), _BY_HAND)
    return repairs + Repairs.of(RepairKind.unreadable_units, round(units, 6), _BY_HAND)
