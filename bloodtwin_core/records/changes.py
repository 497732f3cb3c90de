"""delta_bg: the change of glucose over the five minutes of a record."""

import numpy as np

from bloodtwin_core.records.arrays import Timestamps, Values
from bloodtwin_core.records.cadence import RECORD_INTERVAL
from bloodtwin_core.records.features import Feature

DELTA_TOLERANCE = 0.2
"""mg/dL by which delta_bg may differ from the difference of bg. Both rounded to one decimal differ by up to 0.15."""


def differences(glucose: Values, timestamps: Timestamps) -> Values:
    """Glucose minus that of five minutes before [record], NaN where either is unknown or not there."""
    changes = np.full(len(glucose), np.nan, dtype=np.float32)
    changes[1:] = np.where(np.diff(timestamps) == RECORD_INTERVAL, np.diff(glucose), np.nan)
    return changes


def with_changes(values: Values, timestamps: Timestamps) -> Values:
    """The values [record, feature], delta_bg computed if no record tells any.

    Where some records tell it, one that does not says that no change was measured, and stays unknown.
    """
    told = values[:, Feature.delta_bg.column]
    if len(values) < 2 or not (np.isnan(told[-1]) and np.isnan(told).all()):
        return values
    changed = values.copy()
    changed[:, Feature.delta_bg.column] = differences(values[:, Feature.bg.column], timestamps)
    return changed
