"""What one five-minute record is: its eight features, their units and their physiological limits.

Every number here is part of the record contract. What is not known is NaN. Of insulin that means unknown and never
none: where none was delivered, basal_rate or bolus_dose is 0. Whoever has only glucose leaves both NaN.
"""

from dataclasses import dataclass
from enum import StrEnum

from bloodtwin_core.records.cadence import RECORDS_PER_DAY


class Feature(StrEnum):
    """The eight features of a record, in the order in which every array and file holds them."""

    bg = "bg"
    delta_bg = "delta_bg"
    basal_rate = "basal_rate"
    bolus_dose = "bolus_dose"
    sin_time = "sin_time"
    cos_time = "cos_time"
    bg_clip_flag = "bg_clip_flag"
    bg_missing_flag = "bg_missing_flag"

    @property
    def column(self) -> int:
        """Place of the feature in the last axis of an array."""
        return FEATURES.index(self)


FEATURES: tuple[Feature, ...] = tuple(Feature)
FEATURE_UNITS: dict[Feature, str] = {
    Feature.bg: "mg/dL",
    Feature.delta_bg: "mg/dL per 5 min",
    Feature.basal_rate: "U/h",
    Feature.bolus_dose: "U",
    Feature.sin_time: "1",
    Feature.cos_time: "1",
    Feature.bg_clip_flag: "0 or 1",
    Feature.bg_missing_flag: "0 or 1",
}


@dataclass(frozen=True)
class Limits:
    """A closed interval of physically possible values."""

    low: float
    high: float
    unit: str


GLUCOSE_LIMITS = Limits(20.0, 600.0, "mg/dL")
"""What a sensor or blood meter can plausibly say; values outside are clipped and flagged."""
BASAL_LIMITS = Limits(0.0, 10.0, "U/h")
BOLUS_LIMITS = Limits(0.0, 25.0, "U")
"""The largest single bolus that common pumps deliver."""
CARRIED_BASAL_RECORDS = RECORDS_PER_DAY
"""Records (24 h) for which the last known basal rate stands in for an unknown one. Basal profiles repeat every day, so
an older rate says nothing more about the hours to come. No unknown stretch inside a segment of AZT1D lasts longer."""
FEATURE_LIMITS: dict[Feature, Limits] = {
    Feature.bg: GLUCOSE_LIMITS,
    Feature.basal_rate: BASAL_LIMITS,
    Feature.bolus_dose: BOLUS_LIMITS,
    Feature.sin_time: Limits(-1.0, 1.0, "1"),
    Feature.cos_time: Limits(-1.0, 1.0, "1"),
    Feature.bg_clip_flag: Limits(0.0, 1.0, "0 or 1"),
    Feature.bg_missing_flag: Limits(0.0, 1.0, "0 or 1"),
}
