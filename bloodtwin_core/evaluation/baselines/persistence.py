"""Persistence: the last reading stays. Whoever does not beat it has forecast nothing."""

import numpy as np

from bloodtwin_core.evaluation.baselines.baseline import from_last_reading
from bloodtwin_core.records import Glucose, Rows
from bloodtwin_core.windows import WindowedSeries


def persistence(windows: WindowedSeries, rows: Rows) -> Glucose:
    """The last (carried) reading stays: forecasts within the glucose limits (mg/dL), [window, horizon]."""
    return from_last_reading(windows, rows, np.zeros((len(rows), windows.horizon)))
