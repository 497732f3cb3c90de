"""What each record's own past says of the wearer, as columns of a series behind its features (records/past.py)."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import PAST_FEATURES, UNKNOWN_PAST, Timestamps, Values, has_past, without_past
from bloodtwin_core.records.past import WearerPast, past_after
from bloodtwin_core.windows.series import Segment, WindowedSeries


def with_past(windows: WindowedSeries) -> WindowedSeries:
    """The windows whose series has the columns PAST_FEATURES last; those that it has already are computed anew.

    A wearer's segments are taken in the order of time, whatever their splits, so that a test day may use what lies
    before it and nothing may use what lies after. Raises DataError, with pump and time, if a pump's segments overlap.
    """
    features = without_past(windows.features)
    values = windows.series[:, : len(features)]
    past = past_of_segments(values, windows.timestamps, windows.segments)
    return dataclasses.replace(
        windows, series=np.concatenate([values, past], axis=1), features=(*features, *PAST_FEATURES)
    )


def as_read_by(windows: WindowedSeries, features: Sequence[str]) -> WindowedSeries:
    """The windows as a network of these features reads them: with columns of the past or without.

    They are given back themselves where they are so already. Raises what with_past raises.
    """
    if has_past(features) == has_past(windows.features):
        return windows
    if has_past(features):
        return with_past(windows)
    kept = without_past(windows.features)
    return dataclasses.replace(windows, series=windows.series[:, : len(kept)], features=kept)


def past_of_segments(values: Values, timestamps: Timestamps, segments: tuple[Segment, ...]) -> Values:
    """The features of the past, float32 [record, feature], of records in these segments, unknown of any others.

    values: [record, feature], as a network sees them.
    """
    past = np.tile(np.array(UNKNOWN_PAST, dtype=np.float32), (len(values), 1))
    carried: dict[str, WearerPast] = {}
    for segment in sorted(segments, key=lambda segment: timestamps[segment.start]):
        rows = slice(segment.start, segment.stop)
        before = carried.get(segment.pump_id, WearerPast())
        try:
            past[rows], carried[segment.pump_id] = past_after(before, timestamps[rows], values[rows])
        except DataError as error:
            todo = "Split the pump's history in time, with no moment in two of its files or twice in one"
            raise DataError(f"pump {segment.pump_id}: {error.what}", todo=todo) from error
    return past
