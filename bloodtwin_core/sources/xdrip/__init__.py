"""What xDrip+ exports: its database, or a CSV file in the format of SiDiary."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.sources.app_files import XDRIP, source_of_app_file
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents


class XdripSettings(SettingsGroup):
    """Exports of xDrip+, used when data.source is xdrip."""

    time_zone: str = Field(
        default="",
        description="Zone that the phone was set to, such as Europe/Berlin; needed for CSV files, which say none.",
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.xdrip.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _is_one(path: Path) -> bool:
    return source_of_app_file(path) == XDRIP


SOURCE = EventSource(
    name="xdrip",
    title="an export of xDrip+",
    about="exports of xDrip+: its database (SQLite) or CSV; no basal",
    root="exported files or their zip, or one folder of them a wearer",
    settings=XdripSettings,
    events=_events,
    notes="records of the five minutes up to their timestamp, from exports of xDrip+",
    signature=Signature(
        is_file=_is_one,
        loose_files=("*.sqlite", "*.csv", "*.zip", "*/*.sqlite", "*/*.csv", "*/*.zip"),
        root_may_be_file=True,
    ),
)
