"""Exports of Glooko, to which Omnipod 5, CamAPS FX and others upload: readings, basal, boluses and daily totals."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.sources.app_files import GLOOKO, source_of_app_file
from bloodtwin_core.sources.device_exports import DateOrder
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents


class GlookoSettings(SettingsGroup):
    """Exports of Glooko, used when data.source is glooko."""

    time_zone: str = Field(
        default="",
        description="Zone that pump and sensor were set to, such as Europe/Berlin; needed, since the files say none.",
    )
    date_order: DateOrder = Field(
        default=DateOrder.unknown,
        description="day_first or month_first, for files in which no date tells (no day is over 12).",
    )
    extended_minutes: float = Field(
        default=120.0,
        gt=0.0,
        le=480.0,
        description="Minutes over which the extended part of a bolus was delivered, since the files do not say.",
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.glooko.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _is_one(path: Path) -> bool:
    return source_of_app_file(path) == GLOOKO


SOURCE = EventSource(
    name="glooko",
    title="an export of Glooko",
    about="exports of Glooko (Omnipod 5, CamAPS FX and others)",
    root="the export as a folder or zip file, or one folder of them a wearer",
    settings=GlookoSettings,
    events=_events,
    tz_handling="UTC, from local times of data.glooko.time_zone",
    notes="records of the five minutes up to their timestamp, from exports of Glooko",
    signature=Signature(is_file=_is_one, loose_files=("*.csv", "*/*.csv", "*.zip", "*/*.zip"), root_may_be_file=True),
    needs_zone=True,
)
