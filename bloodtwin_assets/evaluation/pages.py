"""Pages of test_results and evaluation_report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, glucose, numbers, picture, table
from bloodtwin_assets.evaluation.uncertainty_tables import alarms_table, bands_table, meaning_table
from bloodtwin_core.evaluation.baselines import baseline_named
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.coverage_targets import CoverageTarget
from bloodtwin_core.evaluation.figures import Estimate
from bloodtwin_core.evaluation.keys import definitions_in
from bloodtwin_core.evaluation.metrics import (
    MG_DL,
    REPORTED_MINUTES,
    Metric,
    Span,
    headline_definitions,
    metric_named,
    step_at,
)
from bloodtwin_core.evaluation.results import TargetOutcome, TestResults
from bloodtwin_core.evaluation.table import FigureTable
from bloodtwin_core.evaluation.window_set import WindowSetResults
from bloodtwin_core.records.glucose_units import GlucoseUnit

if TYPE_CHECKING:
    from bloodtwin_core.reporting.html import ReportPage as Report

INTERVAL = "95 % interval, by drawing test days anew"
TARGET_COLUMNS = {
    "target": "Name of its check",
    "met": "yes, no, or not measured",
    "outcome": "On the complete windows of all pumps",
}
BAND_TARGET_COLUMNS = {
    "target": "What the 80 % band should hold",
    "met": "yes, no, or not measured",
    "outcome": "On all windows",
}
FIGURE_COLUMNS = {
    "figure": "Its name in test_results.yaml, on the complete windows of all pumps",
    "value": "What was measured",
    "unit": "Its unit",
}
ALL_PUMPS = "all"
TABLE_DECIMALS = 3
"""As many as errors in mmol/L have; those in mg/dL are rounded to two."""


def _error_columns(baselines: Sequence[str], unit: GlucoseUnit) -> dict[str, str]:
    return {
        "AT": f"MAE at that moment, {unit}",
        "skill": "MAE AT / persistence's; below 1 is better",
        **{name: f"The same as AT of {baseline_named(name).called}, {unit}" for name in baselines},
        "AT, 95 %": f"Its {INTERVAL}",
        "skill, 95 %": f"That of skill, {INTERVAL}",
    }


def _pump_columns(window_set: WindowSetResults, unit: GlucoseUnit) -> dict[str, str]:
    return {
        "pump": "Serial number",
        **_error_columns(window_set.table.baselines, unit),
        "windows": "Windows tested",
        "MEAN": f"MAE over all steps up to that moment, {unit}",
        **{
            f"{metric.title} AT": f"{metric.title} at that moment, {_unit_of(metric, unit)}"
            for metric in _others(window_set.table)
        },
    }


def _group_columns(window_set: WindowSetResults, unit: GlucoseUnit) -> dict[str, str]:
    columns = _error_columns(window_set.table.baselines, unit)
    first = {name: columns.pop(name) for name in ("AT", "skill")}
    return {
        "group": "By the reading forecast for, the origin's time of day, and what happened before the forecast",
        **first,
        "bias": f"Mean of forecast minus reading at that moment, {unit}",
        "readings": "Readings that the forecasts are held against",
        **columns,
    }


def _others(figures: FigureTable) -> list[Metric]:
    """The sizes of error other than MAE."""
    metrics = map(metric_named, figures.metrics)
    return [metric for metric in metrics if metric.lower_is_better and metric.name != "mae"]


def results_page(results: TestResults, pictures: dict[str, bytes], unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Metadata:
    """The verdict as text, pictures, tables with a row per pump and per group, uncertainty and clinical meaning."""
    reported = [minutes for minutes in REPORTED_MINUTES if step_at(minutes) <= results.horizon]
    return {
        "verdict": verdict(results),
        **{target.name: _outcome(target, unit) for target in results.targets},
        "targets": _targets(results.targets, unit, TARGET_COLUMNS),
        **{name: picture(png, name) for name, png in pictures.items()},
        **_pump_tables("complete", results.complete, reported, unit),
        **_pump_tables("available", results.available, reported, unit),
        **{
            f"{each} min ahead by group, available windows": _groups(results.available, each, unit) for each in reported
        },
        **_uncertainty(results, reported, unit),
        "error grids": meaning_table(results.clinical, reported, unit),
        "alarms": alarms_table(results.clinical, unit),
        "figures": _figures(results, unit),
        **numbers(_headline(results, unit)),
        "notes": dg.MarkdownMetadataValue("\n".join(f"- {note}" for note in results.notes) or "none"),
    }


def verdict(results: TestResults) -> str:
    """In a line how many targets are met, and which are not; all of it measured on the complete windows."""
    missed = [target.name for target in results.missed_targets]
    met = f"{len(results.targets) - len(missed)} of {len(results.targets)} targets met"
    return f"{met}; missed: {', '.join(missed)}" if missed else met


def _outcome(target: TargetOutcome, unit: GlucoseUnit) -> str:
    """The verdict and the figures; what was not measured says so itself."""
    verdict = {"yes": "met: ", "no": "missed: "}.get(target.answer, "")
    return f"{verdict}{target.told(unit)}"


def _targets(
    targets: Sequence[TargetOutcome | CoverageTarget], unit: GlucoseUnit, columns: dict[str, str]
) -> dg.TableMetadataValue:
    rows: list[dict[str, CellValue]] = [
        {"target": target.name, "outcome": target.told(unit), "met": target.answer} for target in targets
    ]
    return table(rows, columns)


def _figures(results: TestResults, unit: GlucoseUnit) -> dg.TableMetadataValue:
    rows: list[dict[str, CellValue]] = [
        {
            "figure": name,
            "value": _in_table(each.metric, results.headline[name], unit),
            "unit": _unit_of(each.metric, unit),
        }
        for name, each in definitions_in(results.table).items()
    ]
    return table(rows, FIGURE_COLUMNS, TABLE_DECIMALS)


def _headline(results: TestResults, unit: GlucoseUnit) -> dict[str, float | None]:
    """The few figures that are worth a plot over time."""
    return {
        f"{name} ({_unit_of(each.metric, unit)})": _figure(each.metric, results.headline[name], unit)
        for name, each in headline_definitions(results.horizon).items()
    }


def _unit_of(metric: Metric, unit: GlucoseUnit) -> str:
    return str(unit) if metric.unit == MG_DL else metric.unit


def _figure(metric: Metric, value: float | None, unit: GlucoseUnit) -> float | None:
    return value if value is None or metric.unit != MG_DL else unit.of(value)


def _uncertainty(results: TestResults, reported: list[int], unit: GlucoseUnit) -> dict[str, dg.TableMetadataValue]:
    uncertainty = results.uncertainty
    if uncertainty is None:
        return {}
    outcomes = _targets(uncertainty.targets, unit, BAND_TARGET_COLUMNS)
    return {"80 % band": bands_table(uncertainty, reported, unit), "80 % band, targets": outcomes}


def _pump_tables(
    name: str, window_set: WindowSetResults, reported: list[int], unit: GlucoseUnit
) -> dict[str, dg.TableMetadataValue]:
    pumps = {**window_set.pumps, ALL_PUMPS: window_set.pooled}
    return {
        f"{minutes} min ahead, {name} windows": table(
            [_pump_row(pump, comparison, minutes, unit) for pump, comparison in pumps.items()],
            _pump_columns(window_set, unit),
            TABLE_DECIMALS,
        )
        for minutes in reported
    }


def _pump_row(pump: str, comparison: Comparison, minutes: int, unit: GlucoseUnit) -> dict[str, CellValue]:
    step, others = step_at(minutes), _others(comparison.table)
    return {
        "pump": pump,
        "windows": comparison.windows,
        **_errors(comparison, step, unit),
        "MEAN": glucose(comparison.figure("mae", step, Span.mean).value, unit),
        **{f"{each.title} AT": _in_table(each, comparison.figure(each.name, step).value, unit) for each in others},
    }


def _in_table(metric: Metric, value: float | None, unit: GlucoseUnit) -> float | None:
    return glucose(value, unit) if metric.unit == MG_DL else value


def _groups(window_set: WindowSetResults, minutes: int, unit: GlucoseUnit) -> dg.TableMetadataValue:
    step = step_at(minutes)
    rows: list[dict[str, CellValue]] = [
        {
            "group": label,
            "readings": comparison.targets[step - 1],
            "bias": glucose(comparison.figure("bias", step).value, unit),
            **_errors(comparison, step, unit),
        }
        for label, comparison in window_set.groups(unit).items()
    ]
    return table(rows, _group_columns(window_set, unit), TABLE_DECIMALS)


def _errors(comparison: Comparison, step: int, unit: GlucoseUnit) -> dict[str, CellValue]:
    mae, skill = comparison.figure("mae", step), comparison.skill_at(step)
    beside = {name: comparison.figure("mae", step, forecaster=name).value for name in comparison.table.baselines}
    return {
        "AT": glucose(mae.value, unit),
        "AT, 95 %": _between(mae, unit),
        **{name: glucose(value, unit) for name, value in beside.items()},
        "skill": None if skill.value is None else round(skill.value, 2),
        "skill, 95 %": _between(skill),
    }


def _between(estimate: Estimate, unit: GlucoseUnit | None = None) -> str | None:
    """The ends of an interval: of an error in a unit, or of a ratio."""
    interval = estimate.interval
    if interval is None:
        return None
    low, high = (f"{end:.2f}" if unit is None else unit.text(end, 1) for end in (interval.low, interval.high))
    return f"{low} to {high}"


def report_metadata(report: "Report", path: Path, pictures: dict[str, bytes]) -> Metadata:
    """The opening as text, where the file lies, and the most telling pictures."""
    return {
        "in plain words": " ".join(report.opening),
        "report": dg.PathMetadataValue(str(path.resolve())),
        **{name: picture(png, name) for name, png in pictures.items()},
    }
