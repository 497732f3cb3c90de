"""LibreLinkUp: the last hours of readings, and nothing of insulin."""

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


class LibreRegion(StrEnum):
    """Which of LibreLinkUp's clouds holds an account, as pylibrelinkup names them."""

    ae = "ae"
    ap = "ap"
    au = "au"
    ca = "ca"
    de = "de"
    eu = "eu"
    eu2 = "eu2"
    fr = "fr"
    jp = "jp"
    la = "la"
    ru = "ru"
    us = "us"


class LibreLinkUpSettings(SettingsGroup):
    """LibreLinkUp, used when data.source is librelinkup.

    Credentials only in BLOODTWIN_LIBRELINKUP_EMAIL and _PASSWORD.
    """

    region: LibreRegion = Field(
        default=LibreRegion.eu, description="Where the account was made; a cloud that knows better is followed."
    )
    time_zone: str = Field(
        default="", description="Zone in which the wearer lives, such as Europe/Berlin; empty if it does not matter."
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.librelinkup.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _fetch(settings: DataSettings, progress: Progress) -> "list[FetchReport]":
    from bloodtwin_core.sources.librelinkup.importer import sync

    return sync(settings, progress)


SOURCE = EventSource(
    name="librelinkup",
    title="LibreLinkUp",
    about="LibreLinkUp, the last 12 hours of a Libre sensor; no insulin",
    root="a folder of your own that keeps what is fetched",
    settings=LibreLinkUpSettings,
    events=_events,
    fetch=_fetch,
    notes="readings of LibreLinkUp; insulin is unknown",
)
