"""The forecaster beside its baselines: the metrics that the field reports, step by step, and how sure they are."""

from typing import NamedTuple

from bloodtwin_core.evaluation.metrics import OVERALL_MINUTES, REPORTED_MINUTES, ErrorSums, step_at
from bloodtwin_core.evaluation.steps import Result, StepComparison, Steps, ratio

__all__ = [
    "Comparison",
    "ErrorByStep",
    "Interval",
    "Intervals",
    "Metrics",
    "Result",
    "WindowSetResults",
    "metric_definitions",
]


class MetricDefinition(NamedTuple):
    """How a metric is read: RMSE (squared) or MAE, over steps first to last, counted from 1, both included."""

    squared: bool
    first: int
    last: int

    @property
    def steps(self) -> slice:
        """The steps as places in an array."""
        return slice(self.first - 1, self.last)

    def of(self, errors: ErrorSums) -> float | None:
        """The metric; None if nothing there was measured."""
        return (errors.rmse if self.squared else errors.mae)(self.first, self.last)


def metric_definitions(horizon: int) -> dict[str, MetricDefinition]:
    """The metrics within a horizon (steps), by name.

    test_mae and test_rmse are over the first hour whatever the horizon, so that figures stay comparable; *_30min is
    over all steps up to 30 minutes (MEAN), *_at_30min at that step alone (AT).
    """
    overall = min(horizon, step_at(OVERALL_MINUTES))
    found = {"test_mae": MetricDefinition(False, 1, overall), "test_rmse": MetricDefinition(True, 1, overall)}
    for squared, name in ((False, "mae"), (True, "rmse")):
        steps = {minutes: step_at(minutes) for minutes in REPORTED_MINUTES if step_at(minutes) <= horizon}
        found |= {f"test_{name}_{minutes}min": MetricDefinition(squared, 1, step) for minutes, step in steps.items()}
        found |= {
            f"test_{name}_at_{minutes}min": MetricDefinition(squared, step, step) for minutes, step in steps.items()
        }
    return found


class Metrics(Result):
    """Errors in mg/dL, or, as a skill, their ratio to a baseline's; the names are those of metric_definitions.

    None: nothing was measured there, or the horizon does not reach it.
    """

    test_mae: float | None = None
    test_rmse: float | None = None
    test_mae_30min: float | None = None
    test_mae_60min: float | None = None
    test_mae_90min: float | None = None
    test_mae_120min: float | None = None
    test_mae_at_30min: float | None = None
    test_mae_at_60min: float | None = None
    test_mae_at_90min: float | None = None
    test_mae_at_120min: float | None = None
    test_rmse_30min: float | None = None
    test_rmse_60min: float | None = None
    test_rmse_90min: float | None = None
    test_rmse_120min: float | None = None
    test_rmse_at_30min: float | None = None
    test_rmse_at_60min: float | None = None
    test_rmse_at_90min: float | None = None
    test_rmse_at_120min: float | None = None

    @classmethod
    def of(cls, errors: ErrorSums) -> "Metrics":
        """The metrics of one forecaster on some windows."""
        return cls(**{name: reading.of(errors) for name, reading in metric_definitions(errors.horizon).items()})

    def relative_to(self, other: "Metrics") -> "Metrics":
        """Each metric divided by the other's; None where that is 0 or either is None."""
        own, others = self.model_dump(), other.model_dump()
        return Metrics(**{name: ratio(own[name], others[name]) for name in own})

    def within(self, horizon: int) -> dict[str, float | None]:
        """The metrics by name, without those that lie beyond the horizon (steps)."""
        return {name: getattr(self, name) for name in metric_definitions(horizon)}


class Interval(Result):
    """A figure and its 95 % confidence interval, which holds it."""

    value: float
    low: float
    high: float


class Intervals(Result):
    """95 % confidence intervals of headline metrics, by the metric's name; how they are found, see bootstrap.py.

    model in mg/dL; the skills are ratios, minus_* the paired differences in mg/dL: below 0 the model errs less, and an
    interval that holds 0 shows no difference. None: not measured there.
    """

    model: dict[str, Interval | None]
    skill: dict[str, Interval | None]
    skill_against_ridge: dict[str, Interval | None]
    minus_persistence: dict[str, Interval | None]
    minus_ridge: dict[str, Interval | None]


class Comparison(Result):
    """The forecaster beside its baselines, on the same windows.

    skill is model / persistence, skill_against_ridge model / ridge; below 1 is better. intervals is None where too few
    days were measured.
    """

    windows: int
    measured_targets: int
    model: Metrics
    persistence: Metrics
    ridge: Metrics
    skill: Metrics
    skill_against_ridge: Metrics
    intervals: Intervals | None
    by_step: StepComparison


class ErrorByStep(Result):
    """MAE (mg/dL) AT each step, each list [step]; minutes say how far ahead the steps lie."""

    minutes: list[int]
    model: Steps
    persistence: Steps
    ridge: Steps


class WindowSetResults(Result):
    """One window set: all pumps pooled, each pump, the error by step of all pumps, and all pumps by groups.

    The groups, by their label: glucose_ranges of the reading forecast for, times_of_day of the forecast origin, bolus
    and gap by what happened before it; see groups.py.
    """

    windows: int
    measured_targets: int
    pooled: Comparison
    error_by_step: ErrorByStep
    pumps: dict[str, Comparison]
    glucose_ranges: dict[str, Comparison]
    times_of_day: dict[str, Comparison]
    bolus: dict[str, Comparison]
    gap: dict[str, Comparison]

    @property
    def groups(self) -> dict[str, Comparison]:
        """All groups by a label that says what they are, and all windows last."""
        ranges = {f"reading {label} mg/dL": found for label, found in self.glucose_ranges.items()}
        return {**ranges, **self.times_of_day, **self.bolus, **self.gap, "all": self.pooled}
