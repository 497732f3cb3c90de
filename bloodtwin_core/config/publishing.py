"""Which trained model is published, and when a model is trained again."""

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from bloodtwin_core.config.group import SettingsGroup


class DriftSettings(SettingsGroup):
    """How far a week may lie from the training period before somebody has to look at it."""

    glucose: float = Field(
        default=40.0,
        gt=0.0,
        le=500.0,
        description="Distance (mg/dL) of the week's distribution of glucose from that of the training period.",
    )
    missing: float = Field(
        default=0.20, gt=0.0, le=1.0, description="Share of readings missing beyond that of the training period."
    )
    insulin: float = Field(
        default=0.60,
        gt=0.0,
        le=100.0,
        description="Change of insulin a day (U), as a share of that of the training period.",
    )
    error: float = Field(
        default=0.40,
        gt=0.0,
        le=100.0,
        description="Rise of the published model's MAE, as a share of that on the days it was published on.",
    )
    coverage: float = Field(
        default=0.12,
        gt=0.0,
        le=1.0,
        description="Share of readings in the published model's 80 % band: change from the days it was published on.",
    )
    fewest_days: int = Field(
        default=2, ge=1, le=7, description="A week of which fewer days are known is not judged yet."
    )


class PublishingSettings(SettingsGroup):
    """Which trained model is published, and when a model is trained again."""

    cron: str = Field(default="0 4 * * 1", description="When a model is trained again: minute hour day month weekday.")
    time_zone: str = Field(default="UTC", description="Zone of that hour, such as Europe/Berlin.")
    new_days: int = Field(
        default=7,
        ge=0,
        le=3_650,
        description="It is trained again too when the source has so many more days of records; 0 never.",
    )
    stale_days: int = Field(
        default=9, ge=1, le=3_650, description="Days after which records and model count as stale where none came."
    )
    keep_versions: int = Field(
        default=5, ge=2, le=1000, description="Published versions kept to roll back to, that in use among them."
    )
    keep_sources_mib: int = Field(
        default=1024,
        ge=0,
        le=1_000_000,
        description="MiB at most of the split files that published versions were trained from, to train them again.",
    )
    keep_run_days: int = Field(
        default=400,
        ge=1,
        le=36_500,
        description="Days for which Dagster keeps the runs of this model, with their logs and events.",
    )
    keep_live_run_days: int = Field(
        default=7, ge=1, le=36_500, description="The same of the runs that forecast live, of which there are 288 a day."
    )
    largest_loss: float = Field(
        default=0.01,
        ge=0.0,
        le=0.5,
        description="A fresher model that no day shows to be worse may err by this share more; losses add up.",
    )
    drift: DriftSettings = Field(default_factory=DriftSettings, description="When a week needs to be looked at.")

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("there is no such time zone; write one such as Europe/Berlin") from None
        return name
