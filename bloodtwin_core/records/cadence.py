"""The five-minute grid, and where on the day its times lie."""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records.arrays import Timestamps

RECORD_MINUTES = 5
"""Minutes from one record to the next: the cadence of Dexcom and Libre sensors."""
RECORD_INTERVAL = np.timedelta64(RECORD_MINUTES * 60, "s")
RECORDS_PER_HOUR = 60 // RECORD_MINUTES
RECORDS_PER_DAY = 24 * RECORDS_PER_HOUR
MINUTES_PER_DAY = 24 * 60


def time_of_day(timestamps: Timestamps) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Sine and cosine of the time of day, each [record], one turn in 24 hours."""
    seconds = (timestamps - timestamps.astype("datetime64[D]")).astype("timedelta64[s]").astype(np.float64)
    angle = 2.0 * np.pi * seconds / (MINUTES_PER_DAY * 60)
    return np.sin(angle).astype(np.float32), np.cos(angle).astype(np.float32)
