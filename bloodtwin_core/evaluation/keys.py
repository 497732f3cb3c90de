"""The names under which test_results.yaml tells figures, and the metrics of one forecaster by theirs."""

from collections.abc import Callable, Iterator, Mapping

from bloodtwin_core.evaluation.baselines import PERSISTENCE
from bloodtwin_core.evaluation.figures import ratio
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, MetricDefinition, metric_definitions, step_at
from bloodtwin_core.evaluation.table import FigureName, FigureTable, Relation

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
