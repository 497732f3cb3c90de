"""Where records come from: one module a source, one line a source in SOURCES.

A source is given the data settings, a folder it may write to and how histories become splits, and returns the split
files of each pump. A source of whole histories (`histories(settings)`, an iterator of PumpRecords or PumpHistory) has
them split and written there; a source of events (`events(settings) -> Iterator[PumpEvents]`) has records made of them
first, see events/binning.py.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.progress import Progress, Step, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.splits import write_event_splits
from bloodtwin_core.records import PumpHistory, PumpRecords
from bloodtwin_core.records.split_files import UTC_TIMESTAMPS, PumpSplitFiles
from bloodtwin_core.records.splitting import Cut, split_history, write_split_files
from bloodtwin_core.sources import azt1d, bloodbank, brist1d, device_exports, events, nightscout, t1d_uom, tandem
from bloodtwin_core.sources.fetching import FetchReport

Source = Callable[[DataSettings, Path, Progress, Cut], list[PumpSplitFiles]]


def _simulated(settings: DataSettings, folder: Path, progress: Progress, cut: Cut) -> list[PumpSplitFiles]:
    # numba takes seconds to import, and only this source needs it.
    from bloodtwin_core.sources.simulator import histories

    wearers = _told(histories(settings), len(settings.pump_ids) or settings.simulator.pumps, progress)
    return write_split_files(wearers, settings, folder, notes="virtual wearers; no person's data", cut=cut)


def _from_bloodbank(settings: DataSettings, _folder: Path, _progress: Progress, _cut: Cut) -> list[PumpSplitFiles]:
    return bloodbank.split_files(settings)


def _from_events(settings: DataSettings, folder: Path, progress: Progress, cut: Cut) -> list[PumpSplitFiles]:
    pumps = events.events(settings, progress)
    return write_event_splits(pumps, settings, folder, tz_handling=events.TZ_HANDLING, notes=events.NOTES, cut=cut)


def _azt1d(settings: DataSettings, folder: Path, progress: Progress, cut: Cut) -> list[PumpSplitFiles]:
    people = _told(azt1d.histories(settings), len(settings.pump_ids), progress)
    notes = azt1d.NOTES_DAYS_BEFORE if settings.azt1d.days_before_basal else azt1d.NOTES
    return write_split_files(people, settings, folder, tz_handling=azt1d.TZ_HANDLING, notes=notes, cut=cut)


def _of_events(
    read: Callable[[DataSettings], Iterable[PumpEvents]], *, notes: str, tz_handling: str = UTC_TIMESTAMPS
) -> Source:
    """A source that hands over the events of one pump after the other."""

    def split_files(settings: DataSettings, folder: Path, progress: Progress, cut: Cut) -> list[PumpSplitFiles]:
        pumps = _told(read(settings), len(settings.pump_ids), progress)
        return write_event_splits(pumps, settings, folder, tz_handling=tz_handling, notes=notes, cut=cut)

    return split_files


_History = TypeVar("_History", PumpRecords, PumpHistory, PumpEvents)


def _told(histories: Iterable[_History], total: int, progress: Progress) -> Iterator[_History]:
    """The histories, one after the other, and the progress told; a total of 0 is not known before."""
    for done, history in enumerate(histories):
        progress(Step(done, max(total, done + 1), f"pump {history.pump_id}"))
        yield history


SOURCES: dict[str, Source] = {
    "simulator": _simulated,
    "azt1d": _azt1d,
    "bloodbank": _from_bloodbank,
    "brist1d": _of_events(brist1d.events, notes=brist1d.NOTES, tz_handling=brist1d.TZ_HANDLING),
    "events": _from_events,
    "nightscout": _of_events(nightscout.events, notes=nightscout.NOTES),
    "tandem": _of_events(tandem.events, notes=tandem.NOTES, tz_handling=tandem.TZ_HANDLING),
    "vendor": _of_events(device_exports.events, notes=device_exports.NOTES, tz_handling=device_exports.TZ_HANDLING),
    "t1d_uom": _of_events(t1d_uom.events, notes=t1d_uom.NOTES, tz_handling=t1d_uom.TZ_HANDLING),
}

Sync = Callable[[DataSettings, Progress], list[FetchReport]]
SYNCS: dict[str, Sync] = {"nightscout": nightscout.sync, "tandem": tandem.sync}
"""What fetches the new events of a cloud or site to data.root, for the sources that read them from there."""


def pump_split_files(settings: DataSettings, folder: Path, progress: Progress = silent) -> list[PumpSplitFiles]:
    """The split files of every pump of data.source; what a source writes goes under folder, and replaces it.

    Raises SettingsError for an unknown source, and what the source raises.
    """
    return split_files_of(settings, folder, progress, split_history)


def split_files_of(settings: DataSettings, folder: Path, progress: Progress, cut: Cut) -> list[PumpSplitFiles]:
    """As pump_split_files, with histories cut as cut says; files that were split already stay as they are."""
    if settings.source not in SOURCES:
        known = ", ".join(SOURCES)
        raise SettingsError(f"data.source '{settings.source}' is not known. Choose one of {known}")
    return SOURCES[settings.source](settings, folder, progress, cut)
