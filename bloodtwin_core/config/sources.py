"""Settings that sources share; what concerns one source alone stands in that source's own file."""

from datetime import date

from pydantic import Field, field_validator

from bloodtwin_core.config.group import SettingsGroup


class TrainOnlySource(SettingsGroup):
    """A further source, all of whose records are trained on."""

    source: str = Field(description="As data.source.")
    root: str = Field(default="", description="Folder of that source's files, as data.root.")
    pump_ids: list[str] = Field(default=[], description="Pumps to use; empty means all that are there.")


class FetchSettings(SettingsGroup):
    """How events are fetched from a cloud or site; used by every source that fetches."""

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

    most_pages: int = Field(
        default=50_000, ge=1, le=10_000_000, description="Requests to a site in one sync, after which it is given up."
    )
    most_mebibytes: int = Field(
        default=4096, ge=1, le=1_048_576, description="What a site may answer in one sync (MiB) before it is given up."
    )
    most_hours: float = Field(
        default=12.0, gt=0.0, le=720.0, description="How long one sync of a site may take (h) before it is given up."
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
