"""The long table that everything told of a test is read from: one row a forecaster, metric, step and group.

test_results.yaml, text tables, pages and the report are views of it (comparison.py, window_set.py, hierarchy.py). A
figure stands alone, as the model's ratio to a baseline's (its skill), or as the difference from it; low and high are
its 95 % interval where there is one. Rows of one figure lie together in order of steps, so that a table of 20 people
takes a few megabytes and a figure is looked up at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bloodtwin_core.evaluation.figures import Estimate, Steps
from bloodtwin_core.evaluation.metrics import Span


class WindowSet(StrEnum):
    """The two sets of windows that are always reported, see docs/evaluation.md."""

    complete = "complete"
    available = "available"


class Division(StrEnum):
    """How windows are divided into groups: all together, by pump, and the groupings of groups.py."""

    pooled = "pooled"
    pumps = "pumps"
    glucose_ranges = "glucose_ranges"
    times_of_day = "times_of_day"
    bolus = "bolus"
    gap = "gap"


class Relation(StrEnum):
    """A figure by itself, or the model's beside a baseline's: divided by it, or less it."""

    alone = "alone"
    ratio = "ratio"
    difference = "difference"


class GroupName(NamedTuple):
    """Some windows, or some of their targets; the label is empty where all are pooled."""

    window_set: WindowSet
    division: Division
    label: str = ""


class Group(NamedTuple):
    """Windows and measured targets by step; resampled says that there were enough days for intervals."""

    windows: int
    targets: list[int]
    resampled: bool


class FigureName(NamedTuple):
    """Whose metric, AT each step or as MEAN up to it, and beside which baseline (empty where it stands alone)."""

    forecaster: str
    metric: str
    span: Span
    relation: Relation = Relation.alone
    baseline: str = ""


class Series(NamedTuple):
    """One figure at every step, [step]; None: not measured, or no interval there."""

    value: Steps
    low: Steps
    high: Steps

    @classmethod
    def without_intervals(cls, value: Steps) -> "Series":
        """Values alone."""
        return cls(value, [None] * len(value), [None] * len(value))

    def keep(self, step: int, estimate: Estimate) -> None:
        """Put in what is known of a step, counted from 1."""
        for column, number in zip(self, estimate, strict=True):
            column[step - 1] = number

    def at(self, step: int) -> Estimate:
        """The figure at a step, counted from 1."""
        return Estimate(self.value[step - 1], self.low[step - 1], self.high[step - 1])


class Row(NamedTuple):
    """One row of the long table; step is counted from 1, value, low and high are in the metric's unit, or ratios."""

    window_set: WindowSet
    division: Division
    group: str
    forecaster: str
    metric: str
    span: Span
    step: int
    relation: Relation
    baseline: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class FigureTable:
    """The long table. forecasters: the model first, then the baselines beside it; metrics by name; horizon in steps."""

    horizon: int
    forecasters: tuple[str, ...]
    metrics: tuple[str, ...]
    groups: dict[GroupName, Group]
    series: dict[tuple[GroupName, FigureName], Series]

    @property
    def baselines(self) -> tuple[str, ...]:
        """The forecasters beside the model."""
        return self.forecasters[1:]

    def at(self, group: GroupName, figure: FigureName, step: int) -> Estimate:
        """A figure at a step, counted from 1; all None beyond the horizon and where it was not told.

        Raises KeyError for a group, forecaster or metric that the table does not know.
        """
        series = self._series(group, figure)
        return Estimate(None) if series is None or step > self.horizon else series.at(step)

    def steps(self, group: GroupName, figure: FigureName) -> Steps:
        """A figure's values at every step. Raises KeyError as at does."""
        series = self._series(group, figure)
        return [None] * self.horizon if series is None else list(series.value)

    def groups_of(self, window_set: WindowSet, division: Division) -> list[GroupName]:
        """The groups of one division, in order."""
        return [name for name in self.groups if name[:2] == (window_set, division)]

    def rows(self) -> Iterator[Row]:
        """Every row, figure by figure; what was neither measured nor has an interval is None."""
        for (group, figure), series in self.series.items():
            for step, numbers in enumerate(zip(*series, strict=True), start=1):
                forecaster, metric, span, relation, baseline = figure
                yield Row(*group, forecaster, metric, span, step, relation, baseline, *numbers)

    def _series(self, group: GroupName, figure: FigureName) -> Series | None:
        known = {figure.forecaster, figure.baseline} - {""} <= set(self.forecasters) and figure.metric in self.metrics
        if not known or group not in self.groups:
            held = f"{', '.join(self.metrics)} of {', '.join(self.forecasters)}"
            raise KeyError(f"the table holds no {figure} of {group}, only {held}")
        return self.series.get((group, figure))
