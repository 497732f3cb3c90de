"""Readings that come every 10 or 15 minutes, made fit for a forecast that starts from the last of them.

The network learnt from a reading every five minutes. Between two readings it is told the straight line, which nobody
had to know the future for: both were there when the forecast is made. Nothing is drawn beyond the last reading. Files
never hold such lines, and nothing is learnt or tested on them. docs/forecasting.md says what it costs.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from bloodtwin_core.records.changes import differences
from bloodtwin_core.records.features import Feature
from bloodtwin_core.records.pump_records import PumpRecords
from bloodtwin_core.records.reading_interval import SPARSE_MINUTES, reading_interval

WIDEST_RECORDS = 4
"""Records (20 min) from one reading to the next over which a line is drawn: a sensor's 15 minutes, and some delay."""


def is_sparse(records: PumpRecords) -> bool:
    """Whether the sensor usually gives a reading less often than every SPARSE_MINUTES."""
    minutes = reading_interval([np.isfinite(records.feature(Feature.bg))])
    return minutes is not None and minutes >= SPARSE_MINUTES


def lines_between_readings(records: PumpRecords) -> PumpRecords:
    """The records up to the last reading, on the five-minute grid, with lines where readings are 20 min apart at most.

    Records without a reading are returned as they are.
    """
    places = np.flatnonzero(np.isfinite(records.feature(Feature.bg)))
    if not len(places):
        return records
    known = records.rows(0, int(places[-1]) + 1)
    values = known.values.copy()
    glucose = values[:, Feature.bg.column]
    for begin, end in pairwise(places):
        if 1 < end - begin <= WIDEST_RECORDS:
            glucose[begin : end + 1] = np.linspace(glucose[begin], glucose[end], end - begin + 1)
            values[begin + 1 : end, Feature.bg_missing_flag.column] = 0.0
            values[begin + 1 : end, Feature.bg_clip_flag.column] = 0.0
    values[:, Feature.delta_bg.column] = differences(glucose, known.timestamps)
    return replace(known, values=values)
