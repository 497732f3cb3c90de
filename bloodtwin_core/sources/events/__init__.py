"""Raw events of any system, as three kinds of CSV file for each pump."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents


class EventsSettings(SettingsGroup):
    """Raw events in three files a pump, used when data.source is events."""

    glucose_unit: str = Field(
        default="mg/dL",
        pattern=r"^(mg/dL|mmol/L)$",
        description="Unit of bg in the cgmreading files: mg/dL or mmol/L.",
    )


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.events.importer import events

    return events(settings, progress)


SOURCE = EventSource(
    name="events",
    title="raw events",
    about="plain CSV files of each pump (readings, basal rates, boluses, carbohydrates), for any system",
    root="`pump_*` folders",
    settings=EventsSettings,
    events=_events,
    tz_handling="UTC, from the UTC offset of each event",
    notes="records of the five minutes up to their timestamp, from raw events",
    signature=Signature(pump_files=("cgmreading_*.csv",)),
)
