"""Errors of forecasts, by step, and what is read from them: MAE, RMSE and bias in both readings.

AT 30 minutes is the error of step 6 alone, MEAN 30 minutes that of steps 1 to 6 together. Targets that
were not measured never count. Only sums are kept, so pumps are pooled exactly by adding theirs.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import RECORD_MINUTES, Mask

REPORTED_MINUTES = (30, 60, 90, 120)
"""Minutes ahead at which the field reports errors; those beyond the horizon are left out."""
OVERALL_MINUTES = 60
"""test_mae and test_rmse, and the target for the latter, are over all steps up to here, or to a shorter horizon."""
TARGET_MINUTES = (30, 60)
"""Those for which there is an accuracy target."""

Glucose = npt.NDArray[np.float32]
"""mg/dL, [window, step]."""


def step_at(minutes: int) -> int:
    """The step (counted from 1) that lies so many minutes ahead."""
    return minutes // RECORD_MINUTES


@dataclass(frozen=True)
class ErrorSums:
    """Sums over the measured targets of some windows, each array [step].

    targets counts them, absolute sums |error| (mg/dL), squared sums error² (mg²/dL²), signed sums error (mg/dL);
    an error is forecast minus reading.
    """

    windows: int
    targets: npt.NDArray[np.int64]
    absolute: npt.NDArray[np.float64]
    squared: npt.NDArray[np.float64]
    signed: npt.NDArray[np.float64]

    @property
    def horizon(self) -> int:
        """Steps forecast."""
        return len(self.targets)

    def __add__(self, other: Self) -> "ErrorSums":
        return ErrorSums(
            self.windows + other.windows,
            self.targets + other.targets,
            self.absolute + other.absolute,
            self.squared + other.squared,
            self.signed + other.signed,
        )

    def mae(self, first: int, last: int) -> float | None:
        """MAE (mg/dL) over steps first to last, counted from 1, both included; None if nothing there was measured."""
        return self._mean(self.absolute, first, last)

    def rmse(self, first: int, last: int) -> float | None:
        """RMSE (mg/dL) over steps first to last, as mae does."""
        mean = self._mean(self.squared, first, last)
        return None if mean is None else float(np.sqrt(mean))

    def bias(self, first: int, last: int) -> float | None:
        """Mean of forecast minus reading (mg/dL) over steps first to last, as mae does; above 0 is too high."""
        return self._mean(self.signed, first, last)

    def _mean(self, sums: npt.NDArray[np.float64], first: int, last: int) -> float | None:
        steps = slice(first - 1, last)
        targets = int(self.targets[steps].sum())
        return float(sums[steps].sum() / targets) if last <= self.horizon and targets else None


def no_errors(horizon: int) -> ErrorSums:
    """The sums over no window at all."""
    nothing = np.zeros(horizon)
    return ErrorSums(0, np.zeros(horizon, dtype=np.int64), nothing, nothing, nothing)


def error_sums(forecast: Glucose, target: Glucose, measured: Mask) -> ErrorSums:
    """The sums over some windows; all three are [window, step], and only measured targets count."""
    error = np.where(measured, forecast.astype(np.float64) - target, 0.0)
    return ErrorSums(
        len(forecast),
        measured.sum(axis=0),
        np.abs(error).sum(axis=0),
        np.square(error).sum(axis=0),
        error.sum(axis=0),
    )
