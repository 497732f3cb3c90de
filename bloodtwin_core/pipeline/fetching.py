"""The stage of each source that fetches: the events that a cloud or site holds, kept in data.root."""

from dataclasses import dataclass

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.progress import Progress, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.sources.fetching import FetchReport, fingerprint, folder_of
from bloodtwin_core.sources.source import Source


@dataclass(frozen=True)
class FetchedHistory:
    """What was fetched for each pump, and the sha256 over all that is kept of the source."""

    reports: list[FetchReport]
    fingerprint: str


def fetch_stage(settings: DataSettings, source: Source, progress: Progress = silent) -> FetchedHistory | None:
    """Fetch what is new; None, and nothing fetched, where data.source is another source.

    Raises SettingsError if the source fetches nothing or data.root is not set, and what its fetch raises.
    """
    if settings.source != source.name:
        return None
    if source.fetch is None:
        raise SettingsError(f"nothing can be fetched from {source.title}. Put its files into data.root")
    reports = source.fetch(settings, progress)
    return FetchedHistory(reports, fingerprint(folder_of(settings), source.name))
