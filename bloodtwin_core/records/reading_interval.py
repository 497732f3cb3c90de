"""How often a sensor measures; forecasts want a reading every five minutes."""

from collections.abc import Iterable

import numpy as np

from bloodtwin_core.records.arrays import Mask
from bloodtwin_core.records.cadence import RECORD_MINUTES

SPARSE_MINUTES = 10
"""From this usual interval on, most records of the five-minute grid have no reading; Libre sensors store one in 15."""


def reading_interval(measured: Iterable[Mask]) -> int | None:
    """The most frequent minutes from one reading to the next, of stretches on the five-minute grid.

    measured [record]: where a stretch has a reading. None where no stretch has two.
    """
    steps = np.concatenate([np.empty(0, dtype=np.int64), *(np.diff(np.flatnonzero(stretch)) for stretch in measured)])
    return RECORD_MINUTES * int(np.bincount(steps).argmax()) if len(steps) else None


def sparse_sensor(measured: Iterable[Mask]) -> str:
    """A sentence if the sensor measures too seldom to be learnt from, else nothing."""
    minutes = reading_interval(measured)
    if minutes is None or minutes < SPARSE_MINUTES:
        return ""
    return (
        f"this sensor gives a reading every {minutes} minutes, and training needs one every {RECORD_MINUTES}; "
        "`bloodtwin forecast` takes them as they are, with larger errors"
    )
