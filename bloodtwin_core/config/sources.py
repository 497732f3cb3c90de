"""Settings of single sources, one group each; data.py puts them together.

What holds for all settings stands in __init__.py.
"""

from datetime import date
from enum import StrEnum

from pydantic import Field, field_validator

from bloodtwin_core.config.group import SettingsGroup


class SimulatorSettings(SettingsGroup):
    """Virtual wearers, used when data.source is simulator."""

    pumps: int = Field(default=4, ge=1, le=10_000, description="Virtual wearers, one pump each.")
    days: int = Field(default=60, ge=3, le=36_500, description="Days of history per wearer.")
    seed: int = Field(default=2024, ge=0, description="The same seed gives the same records.")


class Azt1dSettings(SettingsGroup):
    """The AZT1D data set, used when data.source is azt1d."""

    days_before_basal: bool = Field(
        default=False,
        description="Learn also from the days before basal is known, as unknown basal; what is tested stays the same.",
    )


class LearnAlsoFrom(SettingsGroup):
    """Another source, whose people are only learnt from."""

    source: str = Field(description="As data.source.")
    root: str = Field(default="", description="Folder of that source's files, as data.root.")
    pump_ids: list[str] = Field(default=[], description="Pumps to use; empty means all that are there.")


class FetchSettings(SettingsGroup):
    """How events are fetched from a cloud or site; used when data.source is tandem or nightscout."""

    since: str = Field(
        default="",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        description="First day to fetch, as 2024-03-01; empty means all that is there.",
    )
    overlap_days: int = Field(
        default=2,
        ge=1,
        le=60,
        description="Days before the newest known event that are fetched again, for late uploads.",
    )
    attempts: int = Field(default=6, ge=1, le=100, description="Times to ask before giving up.")
    first_wait_seconds: float = Field(
        default=2.0, ge=0.0, le=3600.0, description="Wait (s) before asking a second time; it doubles every time."
    )
    longest_wait_seconds: float = Field(
        default=300.0, ge=0.0, le=86_400.0, description="Longest wait (s), whatever the server asks for."
    )
    timeout_seconds: float = Field(
        default=60.0, gt=0.0, le=3600.0, description="Silence (s) after which a connection counts as broken."
    )

    @field_validator("since", mode="before")
    @classmethod
    def _is_a_day(cls, value: object) -> object:
        if isinstance(value, date):  # YAML reads an unquoted day as one.
            return value.isoformat()
        if isinstance(value, str) and value:
            try:
                date.fromisoformat(value)
            except ValueError:
                raise ValueError(f"'{value}' is not a day; write it as 2024-03-01") from None
        return value


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


class NightscoutSettings(SettingsGroup):
    """A Nightscout site, used when data.source is nightscout."""

    url: str = Field(default="", description="Address of the site, without a token: https://my-site.example.")
    pump_id: str = Field(
        default="nightscout", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="Name for the wearer's pump."
    )
    time_zone: str = Field(default="", description="Zone of profiles that name none, such as Europe/Berlin.")
    profile_basal: bool = Field(
        default=True,
        description="The profile's basal rates are delivered wherever nothing else is said; false without a pump.",
    )


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


class EventsSettings(SettingsGroup):
    """Raw events in three files a pump, used when data.source is events."""

    glucose_unit: str = Field(
        default="mg/dL",
        pattern=r"^(mg/dL|mmol/L)$",
        description="Unit of bg in the cgmreading files: mg/dL or mmol/L.",
    )
