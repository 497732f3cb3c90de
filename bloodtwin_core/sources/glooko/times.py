"""Times of a Glooko export's rows in UTC."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.clocks import recorded_oldest_first, utc_from_local
from bloodtwin_core.events.device_clocks import set_back_undone
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports import DateOrder
from bloodtwin_core.sources.device_exports.cells import Cells
from bloodtwin_core.sources.device_exports.dates import read_times
from bloodtwin_core.sources.glooko import GlookoSettings
from bloodtwin_core.sources.glooko.tables import TIME


@dataclass(frozen=True)
class RowsInUtc:
    """cells: the rows, oldest first; times [row] UTC, datetime64[s]; repairs of the device's clock."""

    cells: Cells
    times: Timestamps
    repairs: Repairs

    def of(self, kept: npt.NDArray[np.bool_]) -> Timestamps:
        """The times of the rows where kept [row] is true."""
        return self.times[kept]


def rows_in_utc(cells: Cells, settings: GlookoSettings) -> RowsInUtc:
    """The rows of a table with their times. Raises DataError and SettingsError as read_times does."""
    local = local_times(cells, settings)
    if not recorded_oldest_first(local):
        cells, local = cells.reordered(np.arange(len(cells))[::-1]), local[::-1]
    utc, repairs = utc_from_local(local, zone_named(settings.time_zone))
    utc, back = set_back_undone(utc)
    return RowsInUtc(cells, utc, repairs + back)


def local_times(cells: Cells, settings: GlookoSettings) -> Timestamps:
    """The local wall times of a table's rows [row], datetime64[s]. Dates with points begin with the day."""
    texts = cells.texts(TIME)
    order = settings.date_order
    if order is DateOrder.unknown and len(texts) and all("." in text.split(" ")[0] for text in texts):
        order = DateOrder.day_first
    return read_times(cells, TIME, texts, order, "data.glooko.date_order")
