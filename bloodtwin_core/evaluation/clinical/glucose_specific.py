"""Glucose-specific RMSE: errors weigh more where glucose is low and forecast higher, or high and forecast lower.

Del Favero, Facchinetti and Cobelli, IEEE Transactions on Biomedical Engineering 59 (2012) 1281.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import Glucose, Mask


@dataclass(frozen=True)
class Penalty:
    """One side of the penalty; the parameters are the paper's table as GluPredKit 1.0 (Wolff et al.) transcribes it.

    most: what is added at most to the weight of 1. begins and over: mg/dL of true glucose where it begins, and over
    which it grows. error_over: mg/dL of error over which it grows.
    """

    most: float
    begins: float
    over: float
    error_over: float


LOW = Penalty(most=1.5, begins=85.0, over=30.0, error_over=10.0)
"""Overestimated low glucose: up to 2.5 times the weight, in full from 55 mg/dL down."""
HIGH = Penalty(most=1.0, begins=155.0, over=100.0, error_over=20.0)
"""Underestimated high glucose: up to twice the weight, in full from 255 mg/dL up."""


def penalty(true: npt.NDArray[np.floating], forecast: npt.NDArray[np.floating]) -> Floats:
    """The weight of each squared error, 1 to 2.5, of the shape of both (mg/dL)."""
    glucose, over = true.astype(np.float64), forecast.astype(np.float64) - true
    low = LOW.most * smooth_step((LOW.begins - glucose) / LOW.over) * smooth_step(over / LOW.error_over)
    high = HIGH.most * smooth_step((glucose - HIGH.begins) / HIGH.over) * smooth_step(-over / HIGH.error_over)
    weight: Floats = 1.0 + low + high
    return weight


def glucose_specific_rmse(forecast: Glucose, target: Glucose, measured: Mask) -> list[float | None]:
    """gRMSE (mg/dL) AT each step, [step]; None where nothing was measured. All three arrays are [window, step]."""
    reference = np.where(measured, target, 0.0)
    estimate = np.where(measured, forecast, 0.0).astype(np.float64)
    weighed = np.square(estimate - reference) * penalty(reference, estimate)
    sums, counts = weighed.sum(axis=0), measured.sum(axis=0)
    return [float(np.sqrt(total / count)) if count else None for total, count in zip(sums, counts, strict=True)]


def smooth_step(share: Floats) -> Floats:
    """The paper's sigmoid over its width: 0 up to share 0, 1 from share 1 on, twice continuously differentiable."""
    xi = np.clip(2.0 * share - 1.0, -1.0, 1.0)
    step: Floats = 0.5 + xi - xi**3 + 0.5 * np.abs(xi) * xi**3
    return step
