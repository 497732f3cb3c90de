"""Apple Health: the export of everything that an iPhone keeps, of which glucose, insulin and carbohydrates are read."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.sources.document_kinds import APPLE, ARCHIVES, XML_FILES, source_of_document
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents


class AppleHealthSettings(SettingsGroup):
    """An export of Apple Health, used when data.source is apple_health."""

    time_zone: str = Field(
        default="",
        description="Zone that the wearer lives in, such as Europe/Berlin; empty takes what the newest record tells.",
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.apple_health.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _is_one(path: Path) -> bool:
    return source_of_document(path) == APPLE


SOURCE = EventSource(
    name="apple_health",
    title="an export of Apple Health",
    about="what the Health app of an iPhone exports: sensors and pumps of apps that write to it, such as Loop",
    root="`export.xml` or `export.zip`, or one folder of them a wearer",
    settings=AppleHealthSettings,
    events=_events,
    tz_handling="UTC, from the UTC offset of each record",
    notes="records of the five minutes up to their timestamp, from an export of Apple Health",
    signature=Signature(is_file=_is_one, loose_files=(*XML_FILES, *ARCHIVES)),
)
