"""The metrics of forecasts, each one function and one line of METRICS, and the sums that they are read from.

A metric is the mean of something over measured targets, and what is made of that mean. AT 30 minutes is that of step 6
alone, MEAN 30 minutes that of steps 1 to 6 together. Targets that were not measured never count. Only sums are kept,
so pumps are pooled exactly by adding theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import RECORD_MINUTES, Glucose, Mask

REPORTED_MINUTES = (30, 60, 90, 120)
"""Minutes ahead at which the field reports errors; those beyond the horizon are left out."""
OVERALL_MINUTES = 60
"""test_mae and test_rmse, and the target for the latter, are over all steps up to here, or to a shorter horizon."""
TARGET_MINUTES = (30, 60)
"""Those for which there is an accuracy target."""
MG_DL = "mg/dL"

Numbers = npt.NDArray[np.float64]


def step_at(minutes: int) -> int:
    """The step (counted from 1) that lies so many minutes ahead."""
    return minutes // RECORD_MINUTES


class Span(StrEnum):
    """Which steps a figure is over: one step alone (AT), or all up to it together (MEAN)."""

    at = "at"
    mean = "mean"

    def steps(self, step: int) -> slice:
        """The steps up to this one (counted from 1) as places in an array."""
        return slice(step - 1 if self is Span.at else 0, step)


def unchanged(mean: Numbers) -> Numbers:
    """The mean is the metric."""
    return mean


@dataclass(frozen=True)
class Metric:
    """The mean over measured targets of each_target(error, target), and of_mean of it; all arrays have one shape.

    error is forecast minus reading and target the reading, both in mg/dL. name stands in files and keys, title, unit
    and decimals in tables. lower_is_better: it is a size of error, so that its ratio to a baseline's is a skill, and it
    has keys of its own (test_mae, test_mae_at_30min) and an interval over the first hour. interval_at: there are
    intervals AT the reported times too.
    """

    name: str
    title: str
    each_target: Callable[[Numbers, Numbers], Numbers]
    of_mean: Callable[[Numbers], Numbers] = unchanged
    unit: str = MG_DL
    decimals: int = 2
    lower_is_better: bool = True
    interval_at: bool = False


METRICS: tuple[Metric, ...] = (
    Metric("mae", "MAE", lambda error, _target: np.abs(error), interval_at=True),
    Metric("rmse", "RMSE", lambda error, _target: np.square(error), np.sqrt),
    Metric("bias", "bias", lambda error, _target: error, lower_is_better=False),
)
"""Every metric; the first is the one that forecasters are ranked by."""


def metric_named(name: str) -> Metric:
    """The metric of this name. Raises KeyError if there is none."""
    for metric in METRICS:
        if metric.name == name:
            return metric
    raise KeyError(f"no metric is called {name}, only {', '.join(metric.name for metric in METRICS)}")


class MetricDefinition(NamedTuple):
    """What a key such as test_mae_at_30min says: a metric, AT a step (counted from 1) or as MEAN up to it."""

    metric: Metric
    span: Span
    step: int


def metric_definitions(horizon: int) -> dict[str, MetricDefinition]:
    """The keys of the sizes of error within a horizon (steps), by name.

    test_mae and test_rmse are over the first hour whatever the horizon, so that figures stay comparable; *_30min is
    over all steps up to 30 minutes (MEAN), *_at_30min at that step alone (AT).
    """
    errors = [metric for metric in METRICS if metric.lower_is_better]
    overall = min(horizon, step_at(OVERALL_MINUTES))
    definitions = {f"test_{metric.name}": MetricDefinition(metric, Span.mean, overall) for metric in errors}
    steps = {minutes: step_at(minutes) for minutes in REPORTED_MINUTES if step_at(minutes) <= horizon}
    for metric in errors:
        for span, infix in ((Span.mean, ""), (Span.at, "at_")):
            definitions |= {
                f"test_{metric.name}_{infix}{minutes}min": MetricDefinition(metric, span, step)
                for minutes, step in steps.items()
            }
    return definitions


def headline_definitions(horizon: int) -> dict[str, MetricDefinition]:
    """Those of metric_definitions that come with an interval: over the first hour, and MAE AT the reported times."""
    return {
        name: each
        for name, each in metric_definitions(horizon).items()
        if name == f"test_{each.metric.name}" or (each.metric.interval_at and each.span is Span.at)
    }


@dataclass(frozen=True)
class ErrorSums:
    """Sums over the measured targets of some windows, each array [step].

    targets counts them; sums, by the metric's name, add up what each target gives to it.
    """

    windows: int
    targets: npt.NDArray[np.int64]
    sums: dict[str, Numbers]

    @property
    def horizon(self) -> int:
        """Steps forecast."""
        return len(self.targets)

    def __add__(self, other: Self) -> "ErrorSums":
        return ErrorSums(
            self.windows + other.windows,
            self.targets + other.targets,
            {name: sums + other.sums[name] for name, sums in self.sums.items()},
        )

    def mae(self, first: int, last: int) -> float | None:
        """MAE (mg/dL) over steps first to last, counted from 1, both included; None if nothing there was measured."""
        return self.over("mae", first, last)

    def rmse(self, first: int, last: int) -> float | None:
        """RMSE (mg/dL) over steps first to last, as mae does."""
        return self.over("rmse", first, last)

    def bias(self, first: int, last: int) -> float | None:
        """Mean of forecast minus reading (mg/dL) over steps first to last, as mae does; above 0 is too high."""
        return self.over("bias", first, last)

    def over(self, metric: str, first: int, last: int) -> float | None:
        """Any metric over steps first to last, as mae does."""
        steps = slice(first - 1, last)
        targets = int(self.targets[steps].sum())
        if last > self.horizon or not targets:
            return None
        mean = np.asarray(self.sums[metric][steps].sum() / targets)
        return float(metric_named(metric).of_mean(mean))


def no_errors(horizon: int) -> ErrorSums:
    """The sums over no window at all."""
    return ErrorSums(0, np.zeros(horizon, dtype=np.int64), {metric.name: np.zeros(horizon) for metric in METRICS})


def error_sums(forecast: Glucose, target: Glucose, measured: Mask) -> ErrorSums:
    """The sums over some windows; all three are [window, step], and only measured targets count."""
    reading = np.where(measured, target, 0.0).astype(np.float64)
    error = np.where(measured, forecast.astype(np.float64) - reading, 0.0)
    return ErrorSums(
        len(forecast),
        measured.sum(axis=0),
        {metric.name: np.where(measured, metric.each_target(error, reading), 0.0).sum(axis=0) for metric in METRICS},
    )
