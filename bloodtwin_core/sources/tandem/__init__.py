"""Tandem Source, the cloud behind the t:slim X2 and Mobi pumps, through the library tconnectsync."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents
    from bloodtwin_core.sources.fetching import FetchReport


class TandemRegion(StrEnum):
    """Which of Tandem's two clouds holds an account."""

    US = "US"
    EU = "EU"


class TandemSettings(SettingsGroup):
    """Tandem Source, used when data.source is tandem."""

    region: TandemRegion = Field(default=TandemRegion.US, description="US (also Canada and others) or EU.")
    time_zone: str = Field(
        default="",
        description="Zone that the pump's clock is set to, such as Europe/Berlin; needed, since it says none.",
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.tandem.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _fetch(settings: DataSettings, progress: Progress) -> "list[FetchReport]":
    from bloodtwin_core.sources.tandem.importer import sync

    return sync(settings, progress)


SOURCE = EventSource(
    name="tandem",
    title="Tandem Source",
    about="the cloud behind Tandem's t:slim X2 and Mobi pumps",
    root="a folder of your own that keeps what is fetched",
    settings=TandemSettings,
    events=_events,
    fetch=_fetch,
    tz_handling="UTC, from the pump's own clock and what its log says of its settings",
    notes="pump events of Tandem Source",
    needs_zone=True,
)
