"""Records as a network sees them: what is missing is carried forward from the past, never taken from the future."""

from collections.abc import Mapping, Sequence

import numpy as np

from bloodtwin_core.records.arrays import Rows, Values
from bloodtwin_core.records.features import CARRIED_BASAL_RECORDS, FEATURE_TABLE, FEATURES, CarriedForward


def fill_from_the_past(values: Values, usual: Mapping[str, float], features: Sequence[str] = FEATURES) -> Values:
    """A segment as a network sees it, [record, feature]: nothing is taken from the future.

    usual is the training median of each feature; features says what the columns hold. What becomes of an unknown value
    stands in FEATURE_TABLE: glucose keeps its last known value, and where there is none yet, the usual one; an unknown
    change of glucose is 0. A basal rate keeps its last known value for CARRIED_BASAL_RECORDS and is NaN beyond them, as
    an unknown bolus always is: insulin that nobody knows of is not taken for the usual insulin.
    """
    filled = values.copy()
    for column, name in enumerate(features):
        row = FEATURE_TABLE[name]
        if row.may_be_unknown and row.carried_forward is not CarriedForward.never:
            at_first = usual[name] if row.carried_forward is CarriedForward.always else np.nan
            filled[:, column] = _filled(filled[:, column], row.carried_forward, at_first)
    return filled


def _filled(column: Values, how: CarriedForward, at_first: float) -> Values:
    """One feature, [record]; at_first stands where nothing is known yet."""
    if not np.isnan(column).any():  # As mostly; a stream asks for every record.
        return column
    if how is CarriedForward.as_no_change:
        return np.where(np.isnan(column), np.float32(0.0), column)
    carried, age = _carried_forward(column)
    if how is CarriedForward.for_a_day:
        return np.where(age <= CARRIED_BASAL_RECORDS, carried, np.float32(np.nan))
    return np.where(np.isnan(carried), np.float32(at_first), carried)


def _carried_forward(column: Values) -> tuple[Values, Rows]:
    """Each record's last known value, NaN where there is none yet, and its age in records, both [record]."""
    places = np.arange(len(column))
    last_known = np.maximum.accumulate(np.where(np.isfinite(column), places, -1))
    # Where nothing is known yet, the first value stands in, which is itself unknown.
    carried = column[np.maximum(last_known, 0)]
    return carried, places - last_known
