"""Dexcom Share: the last hours of readings, and nothing of insulin."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.records.pump_ids import PumpId
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents
    from bloodtwin_core.sources.fetching import FetchReport


class DexcomRegion(StrEnum):
    """Which of Dexcom's clouds holds an account, as pydexcom names them."""

    us = "us"
    ous = "ous"
    jp = "jp"


class DexcomShareSettings(SettingsGroup):
    """Dexcom Share, used when data.source is dexcom_share.

    Credentials only in BLOODTWIN_DEXCOM_USERNAME and _PASSWORD.
    """

    region: DexcomRegion = Field(default=DexcomRegion.us, description="us, ous (outside the United States) or jp.")
    pump_id: PumpId = Field(default="dexcom", description="Name for the wearer.")
    time_zone: str = Field(
        default="", description="Zone in which the wearer lives, such as Europe/Berlin; empty if it does not matter."
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.dexcom_share.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _fetch(settings: DataSettings, progress: Progress) -> "list[FetchReport]":
    from bloodtwin_core.sources.dexcom_share.importer import sync

    return sync(settings, progress)


SOURCE = EventSource(
    name="dexcom_share",
    title="Dexcom Share",
    about="Dexcom Share, the last 24 hours of a Dexcom sensor; no insulin",
    root="a folder of your own that keeps what is fetched",
    settings=DexcomShareSettings,
    events=_events,
    fetch=_fetch,
    notes="readings of Dexcom Share; insulin is unknown",
)
