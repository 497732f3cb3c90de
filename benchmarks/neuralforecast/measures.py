"""Errors of forecasts in bloodTwin's terms, and the time that something takes. Needs numpy alone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

GLUCOSE_LIMITS = (20.0, 600.0)
"""mg/dL; bloodTwin's forecasts stay within, so do the others'."""
STEP_30, STEP_60 = 6, 12
"""Steps of five minutes, counted from 1."""


@dataclass(frozen=True)
class Errors:
    """mg/dL on the complete test windows: AT is that step alone, MEAN all steps up to it."""

    mae_at_30: float
    mae_at_60: float
    mae_mean_60: float
    rmse_at_60: float

    @classmethod
    def of(cls, forecast: npt.NDArray[np.float32], target: npt.NDArray[np.float32]) -> "Errors":
        """Errors of forecasts, both [window, step] and all measured."""
        error = np.clip(forecast.astype(np.float64), *GLUCOSE_LIMITS) - target
        absolute = np.abs(error).mean(axis=0)
        return cls(
            mae_at_30=float(absolute[STEP_30 - 1]),
            mae_at_60=float(absolute[STEP_60 - 1]),
            mae_mean_60=float(absolute[:STEP_60].mean()),
            rmse_at_60=float(np.sqrt(np.square(error[:, STEP_60 - 1]).mean())),
        )


@dataclass
class Spent:
    """Seconds on the clock, and seconds of processor time over all threads; on a shared machine the second is less."""

    wall: float = 0.0
    processor: float = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Fills in what was spent inside when it ends."""
    spent, wall, processor = Spent(), time.perf_counter(), time.process_time()
    yield spent
    spent.wall, spent.processor = time.perf_counter() - wall, time.process_time() - processor
