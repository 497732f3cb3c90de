"""Whether one model errs less than another, on the same windows, and how sure that is."""

from dataclasses import replace

import numpy as np

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.errors import SettingsError
from bloodtwin_core.evaluation.blocks import block_errors, blocks_of
from bloodtwin_core.evaluation.bootstrap import Resamples
from bloodtwin_core.evaluation.comparison import Interval, Metrics, Result
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.groups import everything
from bloodtwin_core.evaluation.measuring import comparison_of
from bloodtwin_core.windows import Mask


class Difference(Result):
    """One model beside another on the same windows; a and b are their metrics in mg/dL.

    difference: a - b, below 0 if a errs less; an interval that holds 0 shows no difference. ratio: a / b. Both by the
    metric's name, None where nothing was measured, and empty where too few days were.
    """

    windows: int
    a: Metrics
    b: Metrics
    difference: dict[str, Interval | None]
    ratio: dict[str, Interval | None]


def difference(
    a: TestForecasts, b: TestForecasts, settings: EvaluationSettings | None = None, *, complete: bool = True
) -> Difference:
    """Compare the forecasts of two models, on the complete windows or on all available ones.

    Days are drawn for both alike (a paired comparison). Raises SettingsError if they were not made on the same windows.
    """
    if not (np.array_equal(a.rows, b.rows) and np.array_equal(a.pump, b.pump) and _same_targets(a, b)):
        raise SettingsError(
            "the two models were tested on other windows or to other horizons. Test both on the same data and settings"
        )
    # What is compared stands where persistence else stands, so that everything else is as in any comparison.
    both = replace(a, persistence=b.model)
    among: Mask = np.array(both.complete) if complete else np.ones(len(both), dtype=np.bool_)
    blocks = blocks_of(both)
    errors = block_errors(both, blocks, everything(both), among)["all"]
    resamples = Resamples.draw(blocks.pump, settings or EvaluationSettings())
    found = comparison_of(errors, resamples)
    intervals = found.intervals
    return Difference(
        windows=found.windows,
        a=found.model,
        b=found.persistence,
        difference={} if intervals is None else intervals.minus_persistence,
        ratio={} if intervals is None else intervals.skill,
    )


def on_common_windows(a: TestForecasts, b: TestForecasts) -> tuple[TestForecasts, TestForecasts]:
    """Both on the windows that they share, up to the shorter horizon: what horizons of different length need.

    A window is complete if it is for both. difference sees whether these were the same windows of the same data.
    """
    _, in_a, in_b = np.intersect1d(a.rows, b.rows, assume_unique=True, return_indices=True)
    steps, complete = min(a.horizon, b.horizon), a.complete[in_a] & b.complete[in_b]
    cut = (forecasts.take(places).up_to(steps) for forecasts, places in ((a, in_a), (b, in_b)))
    first, second = (replace(forecasts, complete=complete) for forecasts in cut)
    return first, second


def _same_targets(a: TestForecasts, b: TestForecasts) -> bool:
    return np.array_equal(a.measured, b.measured) and np.array_equal(a.target[a.measured], b.target[b.measured])
