"""A Nightscout site of the wearer's own: readings, treatments and profiles over its REST API."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SECRET_GIVEN, SettingsGroup
from bloodtwin_core.records.pump_ids import PumpId
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents
    from bloodtwin_core.sources.fetching import FetchReport

TOKEN_ADVICE = "Remove what comes after it; a token belongs into the environment variable BLOODTWIN_NIGHTSCOUT_TOKEN"


class NightscoutSettings(SettingsGroup):
    """A Nightscout site, used when data.source is nightscout."""

    url: str = Field(default="", description="Address of the site, without a token: https://my-site.example.")

    @field_validator("url")
    @classmethod
    def _holds_no_secret(cls, url: str) -> str:
        """A secret is refused here already, so that no record of a run keeps it; the error does not repeat it."""
        if re.search("[?#@]", url):
            raise PydanticCustomError(SECRET_GIVEN, "holds more than the site's address. " + TOKEN_ADVICE)
        return url

    pump_id: PumpId = Field(default="nightscout", description="Name for the wearer's pump.")
    time_zone: str = Field(default="", description="Zone of profiles that name none, such as Europe/Berlin.")
    profile_basal: bool = Field(
        default=True,
        description="The profile's basal rates are delivered wherever nothing else is said; false without a pump.",
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.nightscout.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _fetch(settings: DataSettings, progress: Progress) -> "list[FetchReport]":
    from bloodtwin_core.sources.nightscout.importer import sync

    return sync(settings, progress)


SOURCE = EventSource(
    name="nightscout",
    title="the wearer's Nightscout site",
    about="a Nightscout site",
    root="a folder of your own that keeps what is fetched",
    settings=NightscoutSettings,
    events=_events,
    fetch=_fetch,
    notes="entries, treatments and profiles of a Nightscout site",
    address_setting="url",
)
