"""The trial of a published model's suspensions on virtual wearers."""

from pydantic import Field

from bloodtwin_core.config.group import SettingsGroup


class ControlSettings(SettingsGroup):
    """The trial on virtual wearers that a published model has to pass; nothing reaches a pump."""

    wearers: int = Field(
        default=8, ge=1, le=10_000, description="Virtual wearers of the trial; six or more give an interval."
    )
    days: int = Field(default=3, ge=1, le=366, description="Days that each of them lives.")
    seed: int = Field(default=7, ge=0, le=2**32 - 1, description="The same seed gives the same lives.")
