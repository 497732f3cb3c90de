"""What clouds tell that know the last hours of readings and nothing of insulin: kept as it comes, read back as events.

Dexcom Share and LibreLinkUp are such clouds. Each fetch adds what is new to what was kept, so that a history grows.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import GlucoseEvents, PumpEvents
from bloodtwin_core.events.possible import POSSIBLE_GLUCOSE
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.sources.fetched import FetchedRows, Row, windows
from bloodtwin_core.sources.fetching import FetchReport, folder_of, histories_in

KIND = "glucose"
Reading = tuple[int, float]
"""Seconds since 1970 (UTC), mg/dL."""


def keep(root: Path, source: str, pump_id: str, readings: Sequence[Reading]) -> FetchReport:
    """Add the readings of one wearer to those known; one that is known at its second is replaced."""
    kept = FetchedRows(root / f"{source}_{pump_id}")
    rows = [Row(str(second), KIND, np.datetime64(second, "s"), glucose) for second, glucose in readings]
    if not rows:
        return FetchReport(pump_id, 0, len(kept.table()))
    days = np.array([row.time for row in rows]).astype("datetime64[D]")
    new = 0
    for window in windows(days.min(), days.max()):
        within = [row for row, day in zip(rows, days, strict=True) if window.first <= day <= window.last]
        new += kept.add(window, within)
    return FetchReport(pump_id, new, len(kept.table()), days.min(), days.max())


def kept_events(settings: DataSettings, source: str, zone: str) -> Iterator[PumpEvents]:
    """The events of each wearer whose readings were kept. Raises SettingsError or DataError if there are none."""
    for pump_id, folder in histories_in(folder_of(settings), source, settings.pump_ids).items():
        table = FetchedRows(folder).table()
        glucose = table["value"].to_numpy(dtype=np.float64)
        possible = (glucose >= POSSIBLE_GLUCOSE.low) & (glucose <= POSSIBLE_GLUCOSE.high)
        times = table["time"].to_numpy(dtype="datetime64[s]")
        yield PumpEvents(
            pump_id,
            GlucoseEvents.of(times[possible], glucose[possible]),
            repairs=Repairs.of(RepairKind.unreadable_rows, int((~possible).sum()), "readings"),
            wearer_zone=zone,
        )


def not_understood(site: str, library: str, error: Exception) -> DataError:
    """An error for an answer of a cloud, without what it holds: names, tokens and addresses."""
    return DataError(
        f"{site} answered in a way that {library} does not understand ({type(error).__name__})",
        todo=f"Try again later; if it stays so, look for a newer {library}",
    )


def not_installed(source: str, library: str) -> SettingsError:
    """An error for a library that is an extra."""
    extra = source.replace("_", "-")
    return SettingsError(
        f"data.source {source} needs the library {library}. Install it: pip install 'bloodtwin[{extra}]'"
    )
