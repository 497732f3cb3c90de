"""Amounts that an event can have; what is impossible is never quietly made into a record."""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import Limits, Mask

POSSIBLE_GLUCOSE = Limits(1.0, 1000.0, "mg/dL")
"""Outside of it a number is no glucose; inside, but outside of GLUCOSE_LIMITS, it is clipped and flagged."""
POSSIBLE_BASAL = Limits(0.0, 35.0, "U/h")
"""The highest rate that can be set on any common pump (Medtronic MiniMed); more is another unit."""
POSSIBLE_BOLUS = Limits(0.0, 100.0, "U")
"""Well above the largest bolus of any pump, 25 to 30 U, some of which log parts together; more is another unit."""
POSSIBLE_MINUTES = Limits(0.0, 24 * 60.0, "min")
"""Common pumps extend a bolus over 8 h at most."""


def outside(values: npt.NDArray[np.float64], limits: Limits) -> Mask:
    """Where values [event] are impossible; NaN, which is unknown, is not."""
    beyond: Mask = (values < limits.low) | (values > limits.high)
    return beyond
