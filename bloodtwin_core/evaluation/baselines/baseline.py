"""What a forecaster that stands beside the tested one is, before and after it was fitted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.records import GLUCOSE_LIMITS, Feature, Glucose, Rows
from bloodtwin_core.windows import WindowedSeries

PredictWindows = Callable[[WindowedSeries, Rows], Glucose]
"""Forecasts in mg/dL, [window, horizon], from forecast origins (rows of the series, ascending)."""
BaselineFit = dict[str, float | int]
"""What a fit chose, by name; empty where there was nothing to choose."""


@dataclass(frozen=True)
class FittedBaseline:
    """A baseline that forecasts, and what is told of its fit in forecasts.json and test_results.yaml."""

    predict: PredictWindows
    fit: BaselineFit


TAKEN = frozenset(
    ("model", "beside", "minutes", "targets", "windows", "measured_targets", "intervals", "by_step", "notes", "units")
)
"""Names that stand beside the baselines' in test_results.yaml."""
Fit = Callable[[WindowedSeries, EvaluationSettings], FittedBaseline]
"""Fits on the training windows and chooses on the validation windows; the test windows stay unseen."""


def without_fit(predict: PredictWindows) -> Fit:
    """A baseline that has nothing to learn."""
    return lambda _windows, _settings: FittedBaseline(predict, {})


@dataclass(frozen=True)
class Baseline:
    """A forecaster that stands beside the tested one everywhere.

    name stands in file names and keys, title at the head of columns. called says what it is within a sentence ('the
    last reading'), does what it forecasts ('says that the last reading stays'), plain what it is to a wearer, where
    that is another word. warns: it can raise an alarm at all.
    """

    name: str
    title: str
    called: str
    does: str
    fit: Fit
    plain: str = ""
    warns: bool = True

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name in TAKEN or self.name.startswith(("skill", "minus_", "test_")):
            raise ValueError(f"no baseline can be called {self.name!r}: its files and keys would be taken for others")

    @property
    def label(self) -> str:
        """The title as the beginning of a line."""
        return self.title[:1].upper() + self.title[1:]

    @property
    def in_plain_words(self) -> str:
        """What begins a sentence for a wearer."""
        words = self.plain or self.called
        return words[:1].upper() + words[1:]


def from_last_reading(windows: WindowedSeries, rows: Rows, change: npt.NDArray[np.floating]) -> Glucose:
    """The last (carried) reading and a change (mg/dL), [window, horizon], within the glucose limits."""
    last = windows.series[rows, Feature.bg.column, None]
    return np.clip(last + change, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high).astype(np.float32)
