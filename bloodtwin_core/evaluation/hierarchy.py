"""The long table as the mappings within mappings of test_results.yaml, and back."""

from collections.abc import Iterator, Mapping
from typing import Any

from bloodtwin_core.evaluation.comparison import (
    MINUS,
    Comparison,
    WindowSetResults,
    definitions_in,
    figure_name,
    skill_name,
)
from bloodtwin_core.evaluation.figures import Estimate
from bloodtwin_core.evaluation.forecasts import MODEL
from bloodtwin_core.evaluation.metrics import METRICS, Span, headline_definitions
from bloodtwin_core.evaluation.table import (
    Division,
    FigureName,
    FigureTable,
    Group,
    GroupName,
    Relation,
    Series,
    WindowSet,
)

Content = dict[str, Any]


def content_of(table: FigureTable) -> Content:
    """What stands under complete: and available:."""
    return {window_set.value: _window_set(WindowSetResults(table, window_set)) for window_set in WindowSet}


def headline_of(comparison: Comparison, forecaster: str = MODEL) -> dict[str, float | None]:
    """The metrics of a forecaster that there are, by their names."""
    metrics = comparison.metrics(forecaster)
    return {name: metrics[name] for name in definitions_in(comparison.table)}


def table_of(content: Mapping[str, Any], horizon: int) -> FigureTable:
    """The table from what content_of gave, also of a version with fewer forecasters or metrics.

    Raises KeyError or TypeError where something is not there.
    """
    by_step = content[WindowSet.complete]["pooled"]["by_step"]
    not_forecasters = ("minutes", "targets")
    forecasters = tuple(name for name in by_step if name not in not_forecasters and not name.startswith("skill"))
    metrics = tuple(metric.name for metric in METRICS if f"{metric.name}_{Span.at}" in by_step[MODEL])
    table = FigureTable(horizon, forecasters, metrics, {}, {})
    for name, group in _groups(content):
        targets = group["by_step"]["targets"]
        table.groups[name] = Group(group["windows"], targets, group["intervals"] is not None)
        table.series.update({(name, figure): series for figure, series in _series(group, table)})
    return table


def _window_set(results: WindowSetResults) -> Content:
    divided = {
        division.value: {label: _comparison(each) for label, each in results.divided(division).items()}
        for division in Division
        if division is not Division.pooled
    }
    return {
        "windows": results.windows,
        "measured_targets": results.measured_targets,
        "pooled": _comparison(results.pooled),
        "error_by_step": dict(results.error_by_step),
        **divided,
    }


def _comparison(comparison: Comparison) -> Content:
    table, intervals = comparison.table, comparison.intervals
    skills = {skill_name(baseline): comparison.skill_against(baseline) for baseline in table.baselines}
    return {
        "windows": comparison.windows,
        "measured_targets": comparison.measured_targets,
        **{forecaster: headline_of(comparison, forecaster) for forecaster in table.forecasters},
        **{name: {key: skill[key] for key in definitions_in(table)} for name, skill in skills.items()},
        "intervals": None if intervals is None else {name: _plain(each) for name, each in intervals.items()},
        "by_step": dict(comparison.by_step),
    }


def _plain(intervals: Mapping[str, Any]) -> Content:
    return {name: None if interval is None else interval.model_dump() for name, interval in intervals.items()}


def _groups(content: Mapping[str, Any]) -> Iterator[tuple[GroupName, Content]]:
    for window_set in WindowSet:
        of_set = content[window_set]
        yield GroupName(window_set, Division.pooled), of_set["pooled"]
        for division in Division:
            if division is not Division.pooled:
                for label, group in of_set[division].items():
                    yield GroupName(window_set, division, label), group


def _series(group: Content, table: FigureTable) -> Iterator[tuple[FigureName, Series]]:
    by_step, intervals = group["by_step"], group["intervals"] or {}
    for metric in table.metrics:
        for span in Span:
            key = f"{metric}_{span}"
            for forecaster in table.forecasters:
                yield _with_intervals(FigureName(forecaster, metric, span), by_step[forecaster][key], intervals, table)
            for baseline in table.baselines:
                skills = by_step[skill_name(baseline)]
                if key in skills:
                    skill = FigureName(MODEL, metric, span, Relation.ratio, baseline)
                    yield _with_intervals(skill, skills[key], intervals, table)
                    difference = FigureName(MODEL, metric, span, Relation.difference, baseline)
                    yield _with_intervals(difference, [None] * table.horizon, intervals, table)


def _with_intervals(
    figure: FigureName, values: list[float | None], intervals: Mapping[str, Any], table: FigureTable
) -> tuple[FigureName, Series]:
    series = Series.without_intervals(list(values))
    if figure.forecaster == MODEL:
        section = {
            Relation.alone: MODEL,
            Relation.ratio: skill_name(figure.baseline),
            Relation.difference: f"{MINUS}{figure.baseline}",
        }[figure.relation]
        for key, definition in definitions_in(table, headline_definitions).items():
            interval = intervals.get(section, {}).get(key)
            if interval is not None and figure_name(definition, figure.relation, figure.baseline) == figure:
                series.keep(definition.step, Estimate(interval["value"], interval["low"], interval["high"]))
    return figure, series
