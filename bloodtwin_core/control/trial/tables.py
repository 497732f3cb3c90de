"""The tables of a trial as text (Markdown)."""

from collections.abc import Sequence

from bloodtwin_core.control.trial.measures import MEASURES
from bloodtwin_core.control.trial.result import Difference, TrialResult

COMPARED = ("in_range", "below_70", "below_54", "above_180", "insulin")
"""Measures whose differences are shown."""


def trial_tables(result: TrialResult) -> str:
    """A table of figures for each scenario, and under it the differences from the first controller."""
    return "\n\n".join(
        f"{name}\n\n{_figures(result, name)}\n\n{_differences(result, name)}" for name in result.scenarios
    )


def headed(measure: str) -> str:
    """A measure's title with its unit."""
    definition = MEASURES[measure]
    return f"{definition.title}, {definition.unit}" if definition.unit else definition.title


def shown(measure: str, value: float) -> str:
    """A figure of a measure, to its decimals."""
    return f"{value:.{MEASURES[measure].decimals}f}"


def difference_shown(measure: str, difference: Difference) -> str:
    """A difference with its interval, where there is one."""
    decimals = max(2, MEASURES[measure].decimals)
    if difference.low is None:
        return f"{difference.value:+.{decimals}f}"
    return f"{difference.value:+.{decimals}f} ({difference.low:+.{decimals}f} to {difference.high:+.{decimals}f})"


def _figures(result: TrialResult, scenario: str) -> str:
    rows = [
        [name, *(shown(measure, result.arm(name, scenario).mean(measure)) for measure in MEASURES)]
        for name in result.controllers
    ]
    return markdown(["controller", *map(headed, MEASURES)], rows)


def _differences(result: TrialResult, scenario: str) -> str:
    against = result.controllers[0]
    rows = [
        [
            name,
            *(difference_shown(measure, result.difference(name, against, scenario, measure)) for measure in COMPARED),
        ]
        for name in result.controllers[1:]
    ]
    return markdown([f"less {against} (95 % interval)", *map(headed, COMPARED)], rows) if rows else ""


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])
