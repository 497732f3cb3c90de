"""The clinical ranges of glucose."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records.glucose_units import GlucoseUnit

TARGET_RANGE = (70.0, 180.0)
"""Glucose to aim for (mg/dL): time in range of Battelino et al., Diabetes Care 42 (2019) 1593."""

VERY_LOW, VERY_HIGH = 54.0, 250.0
"""mg/dL, beyond which glucose needs immediate attention; of the same source."""

LOWEST_MEDIAN = 35.0
"""mg/dL. No wearer's readings lie below it for the most part; numbers that do are of another unit."""


@dataclass(frozen=True)
class GlucoseRange:
    """Glucose (mg/dL) from lowest, which belongs to the range, up to where the next range starts."""

    name: str
    lowest: float


_JUST_ABOVE_180, _JUST_ABOVE_250 = (
    float(np.nextafter(np.float32(end), np.float32(np.inf))) for end in (TARGET_RANGE[1], VERY_HIGH)
)
GLUCOSE_RANGES = (
    GlucoseRange("under 54", -np.inf),
    GlucoseRange("54 to 70", VERY_LOW),
    GlucoseRange("70 to 180", TARGET_RANGE[0]),
    GlucoseRange("180 to 250", _JUST_ABOVE_180),
    GlucoseRange("over 250", _JUST_ABOVE_250),
)
"""The clinical ranges of Battelino et al. 2019, for glucose in float32.

70 and 180 both belong to the target range, 54 and 250 to the ranges next to it.
"""


def glucose_range_of(glucose: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Place in GLUCOSE_RANGES of each glucose (mg/dL), any shape."""
    return np.searchsorted([each.lowest for each in GLUCOSE_RANGES], glucose, side="right") - 1


def range_shown(name: str, unit: GlucoseUnit) -> str:
    """The name of a range in a unit: "54 to 70" is "3.0 to 3.9" in mmol/L."""
    return re.sub(r"\d+", lambda limit: unit.text(float(limit[0])), name)
