"""The five-minute grid in UTC on which events become records.

The record at time t tells of the five minutes up to and including t, (t - 5 min, t]: everything in it is known at t and
nothing in it comes from later. Bin n ends n * 5 minutes after 1970-01-01T00:00:00Z.
"""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import RECORD_INTERVAL, Timestamps

EPOCH = np.datetime64(0, "s")
BIN_SECONDS = int(RECORD_INTERVAL / np.timedelta64(1, "s"))

Bins = npt.NDArray[np.int64]
"""Numbers of five-minute bins."""


def seconds_of(times: Timestamps) -> npt.NDArray[np.int64]:
    """Seconds since 1970 [event]."""
    seconds: npt.NDArray[np.int64] = (times.astype("datetime64[s]") - EPOCH).astype(np.int64)
    return seconds


def bins_of(times: Timestamps) -> Bins:
    """The bin [event] in which each time lies; a time on the border belongs to the bin that ends there."""
    return -(-seconds_of(times) // BIN_SECONDS)


def ends_of(bins: Bins) -> Timestamps:
    """When each bin [record] ends: the timestamp of its record."""
    ends: Timestamps = EPOCH + (bins * BIN_SECONDS).astype("timedelta64[s]")
    return ends
