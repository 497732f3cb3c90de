"""From records to windows: one long series, the forecast origins in it, chunks of it, and the scaler.

series.py says what a window is, cutting.py makes them, storage.py keeps them, chunks.py is for training by dense scan.
"""

from bloodtwin_core.records.segments import contiguous
from bloodtwin_core.windows.cutting import find_origins, window_series
from bloodtwin_core.windows.series import Origins, Segment, WindowedSeries, evenly_spread, in_batches

__all__ = [
    "Origins",
    "Segment",
    "WindowedSeries",
    "contiguous",
    "evenly_spread",
    "find_origins",
    "in_batches",
    "window_series",
]
