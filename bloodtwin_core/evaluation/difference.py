"""Whether one model errs less than another, on the same windows, and how sure that is."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.blocks import ForecastOrigins
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.groups import Places
from bloodtwin_core.evaluation.keys import Metrics, minus_name, skill_name
from bloodtwin_core.evaluation.measuring import pooled_comparison
from bloodtwin_core.records import Mask

OTHER = "other"
"""What the model that is compared with is called among the forecasters beside."""


@dataclass(frozen=True)
class Difference:
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

    Days are drawn for both alike (a paired comparison). Raises SettingsError if they were not made on the same windows:
    other pumps, times of origin or targets.
    """
    same_origins = np.array_equal(a.pump, b.pump) and np.array_equal(a.timestamp, b.timestamp)
    if not (same_origins and _same_targets(a, b)):
        raise SettingsError(
            "the two models were tested on other windows or to other horizons. Test both on the same data and settings"
        )
    both = replace(a, beside={OTHER: b.model})
    among: Mask = np.array(both.complete) if complete else np.ones(len(both), dtype=np.bool_)
    comparison = pooled_comparison(both, among, settings or EvaluationSettings())
    intervals = comparison.intervals
    return Difference(
        windows=comparison.windows,
        a=comparison.model,
        b=comparison.metrics(OTHER),
        difference={} if intervals is None else intervals[minus_name(OTHER)],
        ratio={} if intervals is None else intervals[skill_name(OTHER)],
    )


def on_common_windows(a: TestForecasts, b: TestForecasts) -> tuple[TestForecasts, TestForecasts]:
    """Both on the windows that they share by pump and time of origin, up to the shorter horizon.

    Rows may differ, as where one run also learnt from earlier days. A window is complete if it is for both. difference
    sees whether the same was measured. Raises SettingsError if they share no window.
    """
    in_a, in_b = common_windows(a, b)
    if not len(in_a):
        raise SettingsError("the two models were tested on no window in common. Test both on the same data")
    steps, complete = min(a.horizon, b.horizon), a.complete[in_a] & b.complete[in_b]
    cut = (forecasts.take(places).up_to(steps) for forecasts, places in ((a, in_a), (b, in_b)))
    first, second = (replace(forecasts, complete=complete) for forecasts in cut)
    return first, second


def common_windows(a: ForecastOrigins, b: ForecastOrigins) -> tuple[Places, Places]:
    """The places in a, ascending, and in b of the windows of the same pump and moment, both [common window]."""
    first, second = (
        pd.DataFrame({"pump": each.pump, "timestamp": each.timestamp, "place": np.arange(len(each.pump))})
        for each in (a, b)
    )
    common = first.merge(second, on=["pump", "timestamp"], suffixes=("_a", "_b"))
    return common["place_a"].to_numpy(), common["place_b"].to_numpy()


def _same_targets(a: TestForecasts, b: TestForecasts) -> bool:
    return np.array_equal(a.measured, b.measured) and np.array_equal(a.target[a.measured], b.target[b.measured])
