"""Records as a network sees them: what is missing is carried forward from the past, never taken from the future."""

from collections.abc import Mapping

import numpy as np

from bloodtwin_core.records.arrays import Rows, Values
from bloodtwin_core.records.features import CARRIED_BASAL_RECORDS, Feature


def fill_from_the_past(values: Values, usual: Mapping[str, float]) -> Values:
    """A segment as a network sees it, [record, feature]: nothing is taken from the future.

    usual is the training median of each feature. Glucose keeps its last known value, and where there is none yet, the
    usual one; an unknown change of glucose is 0. A basal rate keeps its last known value for CARRIED_BASAL_RECORDS and
    is NaN beyond them, as an unknown bolus always is: insulin that nobody knows of is not taken for the usual insulin.
    """
    filled = values.copy()
    glucose, _ = _carried_forward(filled[:, Feature.bg.column])
    filled[:, Feature.bg.column] = np.where(np.isnan(glucose), usual[Feature.bg], glucose)
    change = filled[:, Feature.delta_bg.column]
    change[np.isnan(change)] = 0.0
    basal, age = _carried_forward(filled[:, Feature.basal_rate.column])
    filled[:, Feature.basal_rate.column] = np.where(age <= CARRIED_BASAL_RECORDS, basal, np.nan)
    return filled


def _carried_forward(column: Values) -> tuple[Values, Rows]:
    """Each record's last known value, NaN where there is none yet, and its age in records, both [record]."""
    places = np.arange(len(column))
    last_known = np.maximum.accumulate(np.where(np.isfinite(column), places, -1))
    # Where nothing is known yet, the first value stands in, which is itself unknown.
    carried = column[np.maximum(last_known, 0)]
    return carried, places - last_known
