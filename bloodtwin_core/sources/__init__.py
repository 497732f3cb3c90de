"""Where records come from: one module a source, one line a source in SOURCES.

A source is given the data settings and a folder it may write to, and returns the split files of each pump. A source
of whole histories (`histories(settings) -> Iterator[PumpRecords]`) has them split and written there.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from bloodtwin_core.bloodbank import PumpSplitFiles
from bloodtwin_core.config import DataSettings
from bloodtwin_core.errors import SettingsError
from bloodtwin_core.records import PumpRecords
from bloodtwin_core.sources import azt1d, bloodbank
from bloodtwin_core.splitting import write_split_files

Source = Callable[[DataSettings, Path], list[PumpSplitFiles]]


def _simulated(settings: DataSettings, folder: Path) -> list[PumpSplitFiles]:
    # numba takes seconds to import, and only this source needs it.
    from bloodtwin_core.sources.simulator import histories

    return write_split_files(histories(settings), settings, folder, notes="virtual wearers; no person's data")


def _from_azt1d(settings: DataSettings, folder: Path) -> list[PumpSplitFiles]:
    people: Iterator[PumpRecords] = azt1d.histories(settings)
    return write_split_files(people, settings, folder, tz_handling=azt1d.TZ_HANDLING, notes=azt1d.NOTES)


def _from_bloodbank(settings: DataSettings, _folder: Path) -> list[PumpSplitFiles]:
    return bloodbank.split_files(settings)


SOURCES: dict[str, Source] = {
    "simulator": _simulated,
    "azt1d": _from_azt1d,
    "bloodbank": _from_bloodbank,
}


def pump_split_files(settings: DataSettings, folder: Path) -> list[PumpSplitFiles]:
    """The split files of every pump of data.source; what a source writes goes under folder, and replaces it.

    Raises SettingsError for an unknown source, and what the source raises.
    """
    if settings.source not in SOURCES:
        known = ", ".join(SOURCES)
        raise SettingsError(f"data.source '{settings.source}' is not known. Choose one of {known}")
    return SOURCES[settings.source](settings, folder)
