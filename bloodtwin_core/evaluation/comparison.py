"""Views of the long table: the forecaster beside its baselines on some windows, as test_results.yaml names them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bloodtwin_core.evaluation.baselines import PERSISTENCE
from bloodtwin_core.evaluation.figures import Estimate, Interval, Named, Steps, ratio
from bloodtwin_core.evaluation.forecasts import MODEL
from bloodtwin_core.evaluation.metrics import (
    REPORTED_MINUTES,
    MetricDefinition,
    Span,
    headline_definitions,
    metric_definitions,
    metric_named,
    step_at,
)
from bloodtwin_core.evaluation.table import Division, FigureName, FigureTable, GroupName, Relation, WindowSet
from bloodtwin_core.records import RECORD_MINUTES

SKILL_AGAINST, MINUS = "skill_against_", "minus_"
LONGEST = step_at(max(REPORTED_MINUTES))
"""Steps up to the farthest reported time."""


class Metrics(Mapping[str, float | None]):
    """Errors in mg/dL, or, as a skill, their ratio to a baseline's; the names are those of metric_definitions.

    None: nothing was measured there, or the horizon does not reach it.
    """

    def __init__(self, **values: float | None) -> None:
        self._values = dict.fromkeys(metric_definitions(LONGEST)) | values

    def __getitem__(self, name: str) -> float | None:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> float | None:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"no metric is called {name}, only {', '.join(self._values)}", name=name, obj=self)
        return self._values[name]

    def __repr__(self) -> str:
        return f"Metrics({self._values!r})"

    def relative_to(self, other: "Metrics") -> "Metrics":
        """Each metric divided by the other's; None where that is 0 or either is None."""
        return Metrics(**{name: ratio(value, other[name]) for name, value in self.items()})

    def within(self, horizon: int) -> dict[str, float | None]:
        """The metrics by name, without those that lie beyond the horizon (steps)."""
        return {name: self[name] for name in metric_definitions(horizon)}


@dataclass(frozen=True)
class Comparison:
    """The forecaster beside its baselines, on the same windows.

    skill is model / persistence, skill_against_ridge model / ridge, and so on; below 1 is better. Baselines and skills
    can be read as attributes by their names in test_results.yaml.
    """

    table: FigureTable
    group: GroupName

    @property
    def windows(self) -> int:
        """How many there are."""
        return self.table.groups[self.group].windows

    @property
    def measured_targets(self) -> int:
        """Readings that forecasts are held against, over all steps."""
        return sum(self.targets)

    @property
    def targets(self) -> list[int]:
        """The same for each step."""
        return self.table.groups[self.group].targets

    def figure(self, metric: str, step: int, span: Span = Span.at, forecaster: str = MODEL) -> Estimate:
        """A forecaster's metric at a step, counted from 1."""
        return self.table.at(self.group, FigureName(forecaster, metric, span), step)

    def skill_at(self, step: int, metric: str = "mae", span: Span = Span.at, baseline: str = PERSISTENCE) -> Estimate:
        """The model's metric divided by a baseline's."""
        return self.table.at(self.group, FigureName(MODEL, metric, span, Relation.ratio, baseline), step)

    def metrics(self, forecaster: str) -> Metrics:
        """The metrics of one forecaster by their names."""
        return Metrics(
            **{
                name: self.figure(metric.name, step, span, forecaster).value
                for name, (metric, span, step) in definitions_in(self.table).items()
            }
        )

    def skill_against(self, baseline: str) -> Metrics:
        """The model's metrics divided by those of a baseline."""
        return Metrics(
            **{
                name: self.skill_at(step, metric.name, span, baseline).value
                for name, (metric, span, step) in definitions_in(self.table).items()
            }
        )

    @property
    def model(self) -> Metrics:
        """The tested forecaster's."""
        return self.metrics(MODEL)

    @property
    def skill(self) -> Metrics:
        """Against persistence."""
        return self.skill_against(PERSISTENCE)

    def __getattr__(self, name: str) -> Metrics:
        if not name.startswith("_"):
            if name in self.table.forecasters:
                return self.metrics(name)
            if name.removeprefix(SKILL_AGAINST) in self.table.baselines:
                return self.skill_against(name.removeprefix(SKILL_AGAINST))
        raise AttributeError(f"a comparison has no {name}", name=name, obj=self)

    @property
    def by_step(self) -> Named[Any]:
        """Every figure at every step: minutes, targets, and by forecaster and skill mae_at, mae_mean and so on."""
        return Named(
            {
                "minutes": minutes_ahead(self.table.horizon),
                "targets": self.targets,
                **{forecaster: self._steps_of(forecaster) for forecaster in self.table.forecasters},
                **{skill_name(baseline): self._skill_steps(baseline) for baseline in self.table.baselines},
            }
        )

    @property
    def intervals(self) -> Named[Any] | None:
        """95 % confidence intervals of the headline metrics, by the metric's name; None where too few days were tested.

        model in mg/dL; the skills are ratios, minus_* the paired differences in mg/dL: below 0 the model errs less, and
        an interval that holds 0 shows no difference. How they are found, see bootstrap.py.
        """
        if not self.table.groups[self.group].resampled:
            return None
        baselines = self.table.baselines
        return Named(
            {
                MODEL: self._intervals(Relation.alone),
                **{skill_name(baseline): self._intervals(Relation.ratio, baseline) for baseline in baselines},
                **{minus_name(baseline): self._intervals(Relation.difference, baseline) for baseline in baselines},
            }
        )

    def _intervals(self, relation: Relation, baseline: str = "") -> dict[str, Interval | None]:
        return {
            name: self.table.at(self.group, FigureName(MODEL, metric.name, span, relation, baseline), step).interval
            for name, (metric, span, step) in definitions_in(self.table, headline_definitions).items()
        }

    def _steps_of(self, forecaster: str) -> dict[str, Steps]:
        return {
            f"{metric}_{span}": self.table.steps(self.group, FigureName(forecaster, metric, span))
            for metric in self.table.metrics
            for span in Span
        }

    def _skill_steps(self, baseline: str) -> dict[str, Steps]:
        return {
            f"{metric}_{span}": self.table.steps(self.group, FigureName(MODEL, metric, span, Relation.ratio, baseline))
            for metric in self.table.metrics
            if metric_named(metric).lower_is_better
            for span in Span
        }


@dataclass(frozen=True)
class WindowSetResults:
    """One window set: all pumps pooled, each pump, the error by step of all pumps, and all pumps by groups.

    The groups, by their label: glucose_ranges of the reading forecast for, times_of_day of the forecast origin, bolus
    and gap by what happened before it; see groups.py.
    """

    table: FigureTable
    window_set: WindowSet

    @property
    def pooled(self) -> Comparison:
        """All windows."""
        return Comparison(self.table, GroupName(self.window_set, Division.pooled))

    @property
    def windows(self) -> int:
        """How many there are."""
        return self.pooled.windows

    @property
    def measured_targets(self) -> int:
        """Readings that forecasts are held against."""
        return self.pooled.measured_targets

    @property
    def error_by_step(self) -> Named[Any]:
        """MAE (mg/dL) AT each step of every forecaster, each list [step]; minutes say how far ahead the steps lie."""
        errors = {
            forecaster: self.table.steps(self.pooled.group, FigureName(forecaster, "mae", Span.at))
            for forecaster in self.table.forecasters
        }
        return Named({"minutes": minutes_ahead(self.table.horizon), **errors})

    def divided(self, division: Division) -> dict[str, Comparison]:
        """The groups of a division by their label."""
        names = self.table.groups_of(self.window_set, division)
        return {name.label: Comparison(self.table, name) for name in names}

    @property
    def pumps(self) -> dict[str, Comparison]:
        """By pump, those without a test window too."""
        return self.divided(Division.pumps)

    @property
    def glucose_ranges(self) -> dict[str, Comparison]:
        """By the range of the reading forecast for."""
        return self.divided(Division.glucose_ranges)

    @property
    def times_of_day(self) -> dict[str, Comparison]:
        """By the origin's time of day."""
        return self.divided(Division.times_of_day)

    @property
    def bolus(self) -> dict[str, Comparison]:
        """By whether there was a bolus shortly before."""
        return self.divided(Division.bolus)

    @property
    def gap(self) -> dict[str, Comparison]:
        """By whether a gap in the readings ended shortly before."""
        return self.divided(Division.gap)

    @property
    def groups(self) -> dict[str, Comparison]:
        """All groups by a label that says what they are, and all windows last."""
        ranges = {f"reading {label} mg/dL": group for label, group in self.glucose_ranges.items()}
        return {**ranges, **self.times_of_day, **self.bolus, **self.gap, "all": self.pooled}


def definitions_in(
    table: FigureTable, definitions: Callable[[int], dict[str, MetricDefinition]] = metric_definitions
) -> dict[str, MetricDefinition]:
    """The keys of the metrics that a table has, which may be of another version, within its horizon."""
    return {name: each for name, each in definitions(table.horizon).items() if each.metric.name in table.metrics}


def skill_name(baseline: str) -> str:
    """What the skill against a baseline is called: skill is that against persistence."""
    return "skill" if baseline == PERSISTENCE else f"{SKILL_AGAINST}{baseline}"


def minus_name(baseline: str) -> str:
    """What the difference from a baseline is called."""
    return f"{MINUS}{baseline}"


def section_of(figure: FigureName) -> str:
    """The name under which a figure stands in test_results.yaml: its forecaster's, or that of a skill or difference."""
    names = {Relation.ratio: skill_name, Relation.difference: minus_name}
    return names[figure.relation](figure.baseline) if figure.relation in names else figure.forecaster


def minutes_ahead(horizon: int) -> list[int]:
    """How far ahead each step lies."""
    return [step * RECORD_MINUTES for step in range(1, horizon + 1)]
