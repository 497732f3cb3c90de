"""The long table as the mappings within mappings of test_results.yaml, and back."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from bloodtwin_core.evaluation import metrics as known_metrics
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.figures import Estimate, Steps
from bloodtwin_core.evaluation.forecasts import MODEL
from bloodtwin_core.evaluation.keys import definitions_in, section_of, skill_name
from bloodtwin_core.evaluation.metrics import Span, headline_definitions, metric_named
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
from bloodtwin_core.evaluation.window_set import WindowSetResults

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
    metrics = tuple(metric.name for metric in known_metrics.METRICS if f"{metric.name}_{Span.at}" in by_step[MODEL])
    empty = FigureTable(horizon, forecasters, metrics, {}, {})
    groups: dict[GroupName, Group] = {}
    series: dict[tuple[GroupName, FigureName], Series] = {}
    for name, group in _groups(content):
        targets = group["by_step"]["targets"]
        groups[name] = Group(group["windows"], targets, group["intervals"] is not None)
        series |= {(name, figure): each for figure, each in _series(group, empty)}
    return replace(empty, groups=groups, series=series)


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
    for figure in _figures(table):
        values: Steps = [None] * table.horizon
        if figure.relation is not Relation.difference:
            values = list(by_step[section_of(figure)][f"{figure.metric}_{figure.span}"])
        series = Series.without_intervals(values)
        for step, interval in _intervals(intervals.get(section_of(figure), {}), figure, table):
            series.keep(step, Estimate(interval["value"], interval["low"], interval["high"]))
        if figure.relation is not Relation.difference or any(value is not None for value in series.value):
            yield figure, series


def _figures(table: FigureTable) -> Iterator[FigureName]:
    for metric, span in product(table.metrics, Span):
        for forecaster in table.forecasters:
            yield FigureName(forecaster, metric, span)
        if metric_named(metric).lower_is_better:
            for baseline, relation in product(table.baselines, (Relation.ratio, Relation.difference)):
                yield FigureName(MODEL, metric, span, relation, baseline)


def _intervals(
    section: Mapping[str, Any], figure: FigureName, table: FigureTable
) -> Iterator[tuple[int, Mapping[str, float]]]:
    """Steps and intervals of one figure, from a section that names them by the headline metric."""
    if not section:
        return
    for key, (metric, span, step) in definitions_in(table, headline_definitions).items():
        if (metric.name, span) == (figure.metric, figure.span) and section.get(key) is not None:
            yield step, section[key]
