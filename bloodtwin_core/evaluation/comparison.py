"""View of the long table: the forecaster beside its baselines on some windows, as test_results.yaml names them."""

from dataclasses import dataclass
from typing import Any

from bloodtwin_core.evaluation.baselines import PERSISTENCE
from bloodtwin_core.evaluation.figures import Estimate, Interval, Named, Steps
from bloodtwin_core.evaluation.forecasts import MODEL
from bloodtwin_core.evaluation.keys import SKILL_AGAINST, Metrics, definitions_in, minus_name, skill_name
from bloodtwin_core.evaluation.metrics import Span, headline_definitions, metric_named
from bloodtwin_core.evaluation.table import FigureName, FigureTable, GroupName, Relation
from bloodtwin_core.records import RECORD_MINUTES


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


def minutes_ahead(horizon: int) -> list[int]:
    """How far ahead each step lies."""
    return [step * RECORD_MINUTES for step in range(1, horizon + 1)]
