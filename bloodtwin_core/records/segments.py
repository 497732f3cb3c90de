"""Where a history breaks: at holes in the five-minute grid, and at gaps in glucose too long to carry it over."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bloodtwin_core.records.cadence import RECORD_INTERVAL
from bloodtwin_core.records.features import Feature
from bloodtwin_core.records.pump_records import PumpRecords


def contiguous(records: PumpRecords) -> Iterator[PumpRecords]:
    """The runs of records that follow each other every five minutes, each from its first measured glucose on."""
    breaks = np.flatnonzero(np.diff(records.timestamps) != RECORD_INTERVAL) + 1
    for start, stop in zip([0, *breaks], [*breaks, len(records)], strict=True):
        measured = np.flatnonzero(records.feature(Feature.bg_missing_flag)[start:stop] == 0)
        if len(measured):
            yield records.rows(start + int(measured[0]), stop)


def without_long_gaps(records: PumpRecords, max_gap_hours: float) -> PumpRecords:
    """The records without those of gaps in glucose longer than max_gap_hours, so that a segment ends there.

    A gap reaches from one measured reading to the next; before the first and after the last it is the records' own end.
    """
    timestamps = records.timestamps
    measured = np.flatnonzero(np.isfinite(records.feature(Feature.bg)))
    before, after = np.concatenate([[-1], measured]), np.concatenate([measured, [len(records)]])
    begin, end = timestamps[np.maximum(before, 0)], timestamps[np.minimum(after, len(records) - 1)]
    long = (end - begin) / np.timedelta64(3600, "s") > max_gap_hours
    keep = np.ones(len(records), dtype=np.bool_)
    for first, stop in zip(before[long] + 1, after[long], strict=True):
        keep[first:stop] = False
    return records if keep.all() else replace(records, timestamps=timestamps[keep], values=records.values[keep])
