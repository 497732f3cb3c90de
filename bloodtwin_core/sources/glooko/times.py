"""Times of a Glooko export's rows in UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.clocks import device_times, recorded_oldest_first
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import DateOrder
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.device_exports.dates import read_times
from bloodtwin_core.sources.glooko import GlookoSettings
from bloodtwin_core.sources.glooko.tables import TIME


@dataclass(frozen=True)
class LocalRows:
    """cells: the rows, oldest first; times [row] local wall times, datetime64[s]."""

    cells: Cells
    times: Timestamps


@dataclass(frozen=True)
class RowsInUtc:
    """cells: the rows, oldest first; times [row] UTC, datetime64[s]; what was repaired in them."""

    cells: Cells
    times: Timestamps
    repairs: Repairs

    def of(self, kept: npt.NDArray[np.bool_]) -> Timestamps:
        """The times of the rows where kept [row] is true."""
        return self.times[kept]


def local_rows(cells: Cells, settings: GlookoSettings) -> LocalRows:
    """The rows of a table with the times that the device showed. Raises DataError and SettingsError as read_times."""
    local = local_times(cells, settings)
    if recorded_oldest_first(local):
        return LocalRows(cells, local)
    return LocalRows(cells.reordered(np.arange(len(cells))[::-1]), local[::-1])


def rows_in_utc(tables: Sequence[LocalRows], zone: ZoneInfo) -> tuple[list[RowsInUtc], Repairs]:
    """The rows of all tables, and what was repaired in the clock: it is put right in all at once, so that insulin does
    not move against glucose.
    """
    right, by_table, clock = device_times([table.times for table in tables], zone)
    told = zip(tables, right, by_table, strict=True)
    return [RowsInUtc(table.cells, times, repairs) for table, times, repairs in told], clock


def local_times(cells: Cells, settings: GlookoSettings) -> Timestamps:
    """The local wall times of a table's rows [row], datetime64[s]. Dates with points begin with the day."""
    texts = cells.texts(TIME)
    order = settings.date_order
    if order is DateOrder.unknown and len(texts) and all("." in text.split(" ")[0] for text in texts):
        order = DateOrder.day_first
    return read_times(cells, TIME, texts, order, "data.glooko.date_order")
