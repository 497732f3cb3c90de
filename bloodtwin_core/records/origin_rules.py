"""From what records a forecast may start: the settings of a run that a forecaster must keep to wherever it runs."""

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.origin_defaults import MAX_GAP_HOURS, MAX_READING_AGE_MINUTES, MIN_MEASURED_SHARE
from bloodtwin_core.records.clock import Clock

if TYPE_CHECKING:
    from bloodtwin_core.config import DataSettings


class OriginRules(BaseModel):
    """What a run learnt and was tested by; checkpoint, windows and exports carry it.

    max_gap_hours: a longer gap in glucose (h) ends a segment. max_reading_age_minutes: oldest last reading (min).
    min_measured_share: smallest measured share (0 to 1) of the lookback. clock: whose time of day was learnt, None
    where a file is too old to say. The defaults are those of the settings.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    max_gap_hours: float = MAX_GAP_HOURS
    max_reading_age_minutes: float = MAX_READING_AGE_MINUTES
    min_measured_share: float = MIN_MEASURED_SHARE
    clock: Clock | None = None

    @classmethod
    def of(cls, settings: "DataSettings", clock: Clock) -> Self:
        """The rules of a run."""
        return cls(
            max_gap_hours=settings.max_gap_hours,
            max_reading_age_minutes=settings.max_reading_age_minutes,
            min_measured_share=settings.min_measured_share,
            clock=clock,
        )


USUAL_RULES = OriginRules.model_construct()
"""What files that are too old to carry rules go by."""
