"""How a wearer's insulin sensitivity moves: by the hour of the day, from day to day, and within the day.

Day to day: insulin needs of adults in closed loop vary by 17 % (SD 3) for whole days and 31 % (SD 4) for nights
(Y. Ruan et al., Diabetes Care 39 (2016) 830-832). By the hour: a pattern of its own in each person
(L. Hinshaw et al., Diabetes 62 (2013) 2223-2229), here one wave a day.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import MINUTES_PER_DAY, RECORD_MINUTES, RECORDS_PER_DAY
from bloodtwin_core.simulation.chance import Topic, stream
from bloodtwin_core.simulation.compiled import compiled

DAILY_MINUTES = 36 * 60.0
HOURLY_MINUTES = 150.0
"""Correlation times of the slow and the fast part."""


class Rhythm(NamedTuple):
    """One wearer's variability; amplitudes and SDs are of the natural logarithm of sensitivity."""

    wave: float  # amplitude of the daily wave
    most_sensitive_hour: float  # local
    daily_spread: float  # SD of the slow part
    hourly_spread: float  # SD of the fast part


def sensitivity(seed: int, wearer: int, days: int, rhythm: Rhythm, utc_offset_hours: int) -> npt.NDArray[np.float32]:
    """Factor on insulin sensitivity, [record], from UTC midnight of day 0 on; its median is 1."""
    innovations = np.empty((days, 2, RECORDS_PER_DAY))
    for day in range(days):
        stream(seed, wearer, Topic.sensitivity, day).standard_normal(out=innovations[day])
    slow = _mean_reverting(innovations[:, 0].reshape(-1), np.exp(-RECORD_MINUTES / DAILY_MINUTES))
    fast = _mean_reverting(innovations[:, 1].reshape(-1), np.exp(-RECORD_MINUTES / HOURLY_MINUTES))
    hour = np.arange(days * RECORDS_PER_DAY) * RECORD_MINUTES / 60.0 + utc_offset_hours
    wave = rhythm.wave * np.cos(2.0 * np.pi * (hour - rhythm.most_sensitive_hour) * 60.0 / MINUTES_PER_DAY)
    return np.exp(wave + rhythm.daily_spread * slow + rhythm.hourly_spread * fast).astype(np.float32)


@compiled
def _mean_reverting(innovations: npt.NDArray[np.float64], memory: float) -> npt.NDArray[np.float64]:
    """First-order autoregression with SD 1 from standard normal innovations."""
    values = np.empty_like(innovations)
    value = innovations[0]
    scale = np.sqrt(1.0 - memory * memory)
    for i in range(len(innovations)):
        value = memory * value + scale * innovations[i]
        values[i] = value
    return values
