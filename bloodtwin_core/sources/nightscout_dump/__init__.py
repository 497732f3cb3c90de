"""A Nightscout site that no longer runs, or is not to be asked: its collections as JSON files."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.sources.document_kinds import DUMP, JSON_FILES, source_of_document
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents


class NightscoutDumpSettings(SettingsGroup):
    """Files of a Nightscout site, used when data.source is nightscout_dump."""

    time_zone: str = Field(default="", description="Zone of profiles that name none, such as Europe/Berlin.")
    profile_basal: bool = Field(
        default=True,
        description="The profile's basal rates are delivered wherever nothing else is said; false without a pump.",
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.nightscout_dump.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _is_one(path: Path) -> bool:
    return source_of_document(path) == DUMP


SOURCE = EventSource(
    name="nightscout_dump",
    title="files of a Nightscout site",
    about="a Nightscout site's collections as JSON files, no site running",
    root="`.json` files, or one folder of them a wearer",
    settings=NightscoutDumpSettings,
    events=_events,
    notes="entries, treatments and profiles of a Nightscout site, from files",
    signature=Signature(is_file=_is_one, loose_files=JSON_FILES),
)
