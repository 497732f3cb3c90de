"""Persistence with the uncertainty that it had on the training windows: what quantiles of a forecast are held against.

The reading stays, and around it lies how far readings of all kinds moved in so many minutes (climatology of the
change). It knows nothing of the moment, so a forecast whose pinball loss is no lower has learnt no uncertainty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import TooFewWindows
from bloodtwin_core.evaluation.coverage import Quantiles
from bloodtwin_core.records import GLUCOSE_LIMITS, Feature, Glucose, Mask, Split
from bloodtwin_core.windows import WindowedSeries, evenly_spread

MOST_WINDOWS = 120_000
"""Training windows read at most, evenly spread: enough for the outermost quantiles."""


@dataclass(frozen=True)
class ChangeQuantiles:
    """Quantiles of the change from the last reading, mg/dL, [step, level]."""

    change: npt.NDArray[np.float64]

    def forecast(self, last: npt.NDArray[np.floating]) -> Quantiles:
        """Quantiles within the glucose limits (mg/dL), [window, step, level], from the last readings [window]."""
        reached = last[:, None, None] + self.change
        return np.clip(reached, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high).astype(np.float32)


def change_quantiles(
    last: npt.NDArray[np.floating], target: Glucose, measured: Mask, levels: Sequence[float]
) -> ChangeQuantiles:
    """Quantiles of the change at each step over the measured targets; last is [window], the others [window, step].

    Raises TooFewWindows if some step was measured in no window.
    """
    steps = range(target.shape[1])
    unmeasured = [step + 1 for step in steps if not measured[:, step].any()]
    if unmeasured:
        raise TooFewWindows(
            f"no window has a measured target at step {unmeasured[0]}, so its changes have no quantiles",
            todo="Bring a longer history, or lower data.horizon",
        )
    changes = (target[measured[:, step], step].astype(np.float64) - last[measured[:, step]] for step in steps)
    return ChangeQuantiles(np.stack([np.quantile(change, levels) for change in changes]))


def fit_change_quantiles(windows: WindowedSeries, levels: Sequence[float]) -> ChangeQuantiles:
    """Quantiles of the change on the training windows. Raises TooFewWindows as change_quantiles does."""
    rows = evenly_spread(windows.origins[Split.train].rows, MOST_WINDOWS)
    target, measured = windows.targets(rows)
    return change_quantiles(windows.series[rows, Feature.bg.column], target, measured, levels)
