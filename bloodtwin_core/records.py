"""What one five-minute record is: its eight features, their units and their physiological limits.

Every number here is part of the record contract; nothing in this module reads or writes files.

What is not known is NaN. Of insulin that means unknown and never none: where none was delivered, basal_rate or
bolus_dose is 0. Whoever has only glucose leaves both NaN.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
import numpy.typing as npt

RECORD_MINUTES = 5
"""Minutes from one record to the next: the cadence of Dexcom and Libre sensors."""
RECORD_INTERVAL = np.timedelta64(RECORD_MINUTES * 60, "s")
RECORDS_PER_HOUR = 60 // RECORD_MINUTES
RECORDS_PER_DAY = 24 * RECORDS_PER_HOUR
MINUTES_PER_DAY = 24 * 60

Timestamps = npt.NDArray[np.datetime64]
"""UTC, datetime64[s], shape [record]."""
Values = npt.NDArray[np.float32]
"""Physical units, shape [record, feature], NaN where not known."""


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
TARGET_RANGE = (70.0, 180.0)
"""Glucose to aim for (mg/dL): time in range of Battelino et al., Diabetes Care 42 (2019) 1593."""


@dataclass(frozen=True)
class GlucoseRange:
    """Glucose (mg/dL) from lowest, which belongs to the range, up to where the next range starts."""

    name: str
    lowest: float


_JUST_ABOVE_180, _JUST_ABOVE_250 = (
    float(np.nextafter(np.float32(end), np.float32(np.inf))) for end in (TARGET_RANGE[1], 250.0)
)
GLUCOSE_RANGES = (
    GlucoseRange("under 54", -np.inf),
    GlucoseRange("54 to 70", 54.0),
    GlucoseRange("70 to 180", TARGET_RANGE[0]),
    GlucoseRange("180 to 250", _JUST_ABOVE_180),
    GlucoseRange("over 250", _JUST_ABOVE_250),
)
"""The clinical ranges of Battelino et al. 2019, for glucose in float32.

70 and 180 both belong to the target range, 54 and 250 to the ranges next to it.
"""

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


class Split(StrEnum):
    """The three parts of a pump's history, in time order."""

    train = "train"
    validate = "validate"
    test = "test"


@dataclass(frozen=True)
class PumpRecords:
    """Records of one pump, oldest first.

    timestamps: [record], UTC datetime64[s]. values: float32 [record, feature] in physical units.
    A glucose that was not measured is NaN with bg_missing_flag 1; an unknown basal rate or bolus is NaN.
    """

    pump_id: str
    timestamps: Timestamps
    values: Values

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.timestamps), len(FEATURES)):
            raise ValueError(
                f"pump {self.pump_id}: values have shape {self.values.shape}, "
                f"but {len(self.timestamps)} timestamps need ({len(self.timestamps)}, {len(FEATURES)})"
            )

    def __len__(self) -> int:
        return len(self.timestamps)

    def feature(self, feature: Feature) -> npt.NDArray[np.float32]:
        """One feature's column, shape [record]."""
        return self.values[:, feature.column]

    def rows(self, start: int, stop: int) -> Self:
        """The records from row start up to, not including, row stop."""
        return type(self)(self.pump_id, self.timestamps[start:stop], self.values[start:stop])


def glucose_range_of(glucose: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Place in GLUCOSE_RANGES of each glucose (mg/dL), any shape."""
    return np.searchsorted([each.lowest for each in GLUCOSE_RANGES], glucose, side="right") - 1


@dataclass(frozen=True)
class PumpHistory:
    """All records of one pump.

    Those before tested_from are there to be learnt from only: they stand in front of the train split, and the others
    are split in time as if they were alone. None: all records are split.
    """

    records: PumpRecords
    tested_from: np.datetime64 | None = None

    @property
    def pump_id(self) -> str:
        """The pump's serial number."""
        return self.records.pump_id


def time_of_day(timestamps: Timestamps) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Sine and cosine of the time of day, each [record], one turn in 24 hours."""
    seconds = (timestamps - timestamps.astype("datetime64[D]")).astype("timedelta64[s]").astype(np.float64)
    angle = 2.0 * np.pi * seconds / (MINUTES_PER_DAY * 60)
    return np.sin(angle).astype(np.float32), np.cos(angle).astype(np.float32)


def records_from_signals(
    pump_id: str,
    timestamps: Timestamps,
    glucose: npt.NDArray[np.floating],
    basal_rate: npt.NDArray[np.floating],
    bolus_dose: npt.NDArray[np.floating],
) -> PumpRecords:
    """Complete records from what was measured on a five-minute grid.

    glucose mg/dL, basal_rate U/h and bolus_dose U are [record], NaN where unknown. Glucose outside
    GLUCOSE_LIMITS is clipped and flagged; insulin is clipped to its limits. delta_bg stands only
    between two measured readings five minutes apart and is NaN elsewhere.
    """
    values = np.empty((len(timestamps), len(FEATURES)), dtype=np.float32)
    missing = np.isnan(glucose)
    clipped = np.clip(glucose, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high).astype(np.float32)
    delta = np.full(len(timestamps), np.nan, dtype=np.float32)
    neighbours = np.diff(timestamps) == RECORD_INTERVAL
    delta[1:] = np.where(neighbours, np.diff(clipped), np.nan)
    sin_time, cos_time = time_of_day(timestamps)
    values[:, Feature.bg.column] = clipped
    values[:, Feature.delta_bg.column] = delta
    values[:, Feature.basal_rate.column] = np.clip(basal_rate, BASAL_LIMITS.low, BASAL_LIMITS.high)
    values[:, Feature.bolus_dose.column] = np.clip(bolus_dose, BOLUS_LIMITS.low, BOLUS_LIMITS.high)
    values[:, Feature.sin_time.column] = sin_time
    values[:, Feature.cos_time.column] = cos_time
    values[:, Feature.bg_clip_flag.column] = ~missing & (clipped != glucose.astype(np.float32))
    values[:, Feature.bg_missing_flag.column] = missing
    return PumpRecords(pump_id, timestamps.astype("datetime64[s]"), values)
