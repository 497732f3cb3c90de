"""Exports of CGM and pump data that a wearer downloads from the vendor's site."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents


class DateOrder(StrEnum):
    """Which of day and month comes first in dates that may be read either way."""

    unknown = "unknown"
    day_first = "day_first"
    month_first = "month_first"


class VendorSettings(SettingsGroup):
    """Files exported from a vendor's site, used when data.source is vendor."""

    time_zone: str = Field(
        default="",
        description="Zone that sensor and pump were set to, such as Europe/Berlin; needed, since the files say none.",
    )
    glucose_unit: str = Field(
        default="",
        pattern=r"^(mg/dL|mmol/L)?$",
        description="mg/dL or mmol/L, for files that do not say their unit; empty where all of them do.",
    )
    date_order: DateOrder = Field(
        default=DateOrder.unknown,
        description="day_first or month_first, for LibreView files in which no date tells (no day is over 12).",
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.device_exports.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _is_export(path: Path) -> bool:
    from bloodtwin_core.sources.device_exports.importer import format_of

    try:
        return format_of(path) is not None
    except BloodTwinError:
        return False


SOURCE = EventSource(
    name="vendor",
    title="files exported from a vendor's site",
    about="files exported from Dexcom Clarity, LibreView, Medtronic CareLink or t:connect",
    root="exported files, or one folder of them a wearer",
    settings=VendorSettings,
    events=_events,
    tz_handling="UTC, from local times of data.vendor.time_zone",
    notes="records of the five minutes up to their timestamp, from files exported from the vendors' sites",
    signature=Signature(is_file=_is_export, loose_files=("*.csv", "*.txt", "*.tsv", "*/*.csv")),
    needs_zone=True,
)
