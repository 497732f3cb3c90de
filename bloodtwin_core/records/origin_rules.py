"""From what records a forecast may start: the settings of a run that a forecaster must keep to wherever it runs."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.config import DataSettings
from bloodtwin_core.records.clock import Clock

_USUAL = DataSettings.model_fields


class OriginRules(BaseModel):
    """What a run learnt and was tested by; checkpoint, windows and exports carry it.

    max_gap_hours: a longer gap in glucose (h) ends a segment. max_reading_age_minutes: oldest last reading (min).
    min_measured_share: smallest measured share (0 to 1) of the lookback. clock: whose time of day was learnt, None
    where a file is too old to say. The defaults are those of the settings.
    """

    model_config = ConfigDict(frozen=True)

    max_gap_hours: float = _USUAL["max_gap_hours"].default
    max_reading_age_minutes: float = _USUAL["max_reading_age_minutes"].default
    min_measured_share: float = _USUAL["min_measured_share"].default
    clock: Clock | None = None

    @classmethod
    def of(cls, settings: DataSettings, clock: Clock) -> Self:
        """The rules of a run."""
        return cls(
            max_gap_hours=settings.max_gap_hours,
            max_reading_age_minutes=settings.max_reading_age_minutes,
            min_measured_share=settings.min_measured_share,
            clock=clock,
        )


USUAL_RULES = OriginRules()
"""What files that are too old to carry rules go by."""
