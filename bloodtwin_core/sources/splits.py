"""The split files of the source that the settings name."""

from pathlib import Path

from bloodtwin_core.common.progress import Progress, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records.split_files import PumpSplitFiles
from bloodtwin_core.records.splitting import Cut, split_history
from bloodtwin_core.sources.registry import source_named


def pump_split_files(settings: DataSettings, folder: Path, progress: Progress = silent) -> list[PumpSplitFiles]:
    """The split files of every pump of data.source; what a source writes goes under folder, and replaces it.

    Raises SettingsError for an unknown source, and what the source raises.
    """
    return split_files_of(settings, folder, progress, split_history)


def split_files_of(settings: DataSettings, folder: Path, progress: Progress, cut: Cut) -> list[PumpSplitFiles]:
    """As pump_split_files, with histories cut as cut says; files that were split already stay as they are."""
    return source_named(settings.source).split_files(settings, folder, progress, cut)
