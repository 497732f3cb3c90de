"""Pages of test_results and evaluation_report."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, numbers, picture, table
from bloodtwin_assets.evaluation.uncertainty_tables import alarms_table, bands_table, meaning_table
from bloodtwin_core.evaluation.baselines import baseline_named
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.figures import Estimate
from bloodtwin_core.evaluation.keys import definitions_in
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, Metric, Span, metric_named, step_at
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.window_set import WindowSetResults
from bloodtwin_core.reporting.html import ReportPage as Report

INTERVAL = "95 % interval, by drawing test days anew"
TARGET_COLUMNS = {"target": "Name of its check", "met": "yes or no", "outcome": "On the complete windows of all pumps"}
BAND_TARGET_COLUMNS = {"target": "What the 80 % band should hold", "met": "yes or no", "outcome": "On all windows"}
ALL_PUMPS = "all"


def _error_columns(baselines: Sequence[str]) -> dict[str, str]:
    return {
        "AT": "MAE at that moment, mg/dL",
        "skill": "MAE AT / persistence's; below 1 is better",
        **{name: f"The same as AT of {baseline_named(name).called}, mg/dL" for name in baselines},
        "AT, 95 %": f"Its {INTERVAL}",
        "skill, 95 %": f"That of skill, {INTERVAL}",
    }


def _pump_columns(window_set: WindowSetResults) -> dict[str, str]:
    return {
        "pump": "Serial number",
        **_error_columns(window_set.table.baselines),
        "windows": "Windows tested",
        "MEAN": "MAE over all steps up to that moment, mg/dL",
        **{f"{metric.title} AT": f"{metric.title} at that moment, {metric.unit}" for metric in _others(window_set)},
    }


def _group_columns(window_set: WindowSetResults) -> dict[str, str]:
    columns = _error_columns(window_set.table.baselines)
    first = {name: columns.pop(name) for name in ("AT", "skill")}
    return {
        "group": "By the reading forecast for, the origin's time of day, and what happened before the forecast",
        **first,
        "bias": "Mean of forecast minus reading at that moment, mg/dL",
        "readings": "Readings that the forecasts are held against",
        **columns,
    }


def _others(window_set: WindowSetResults) -> list[Metric]:
    """The sizes of error other than MAE."""
    metrics = map(metric_named, window_set.table.metrics)
    return [metric for metric in metrics if metric.lower_is_better and metric.name != "mae"]


def results_page(results: TestResults, pictures: dict[str, bytes]) -> Metadata:
    """The verdict as text, pictures, tables with a row per pump and per group, uncertainty and clinical meaning."""
    reported = [minutes for minutes in REPORTED_MINUTES if step_at(minutes) <= results.horizon]
    return {
        "verdict": verdict(results),
        **{target.name: f"{'met' if target.met else 'missed'}: {target.reading}" for target in results.targets},
        "targets": _targets(results),
        **{name: picture(png, name) for name, png in pictures.items()},
        **_pump_tables("complete", results.complete, reported),
        **_pump_tables("available", results.available, reported),
        **{f"{each} min ahead by group, available windows": _groups(results.available, each) for each in reported},
        **_uncertainty(results, reported),
        "error grids": meaning_table(results.clinical, reported),
        "alarms": alarms_table(results.clinical),
        **numbers(_headline(results)),
        "notes": dg.MarkdownMetadataValue("\n".join(f"- {note}" for note in results.notes) or "none"),
    }


def verdict(results: TestResults) -> str:
    """In a line how many targets are met, and which are not; all of it measured on the complete windows."""
    missed = [target.name for target in results.missed_targets]
    met = f"{len(results.targets) - len(missed)} of {len(results.targets)} targets met"
    return f"{met}; missed: {', '.join(missed)}" if missed else met


def _targets(results: TestResults) -> dg.TableMetadataValue:
    return table(
        [{"target": t.name, "outcome": t.reading, "met": "yes" if t.met else "no"} for t in results.targets],
        TARGET_COLUMNS,
    )


def _headline(results: TestResults) -> dict[str, float | None]:
    definitions = definitions_in(results.table)
    return {f"{name} ({definitions[name].metric.unit})": results.headline[name] for name in definitions}


def _uncertainty(results: TestResults, reported: list[int]) -> dict[str, dg.TableMetadataValue]:
    uncertainty = results.uncertainty
    if uncertainty is None:
        return {}
    outcomes = [{"target": t.name, "outcome": t.reading, "met": "yes" if t.met else "no"} for t in uncertainty.targets]
    bands = bands_table(uncertainty, reported)
    return {"80 % band": bands, "80 % band, targets": table(outcomes, BAND_TARGET_COLUMNS)}


def _pump_tables(name: str, window_set: WindowSetResults, reported: list[int]) -> dict[str, dg.TableMetadataValue]:
    pumps = {**window_set.pumps, ALL_PUMPS: window_set.pooled}
    return {
        f"{minutes} min ahead, {name} windows": table(
            [_pump_row(pump, comparison, minutes, _others(window_set)) for pump, comparison in pumps.items()],
            _pump_columns(window_set),
        )
        for minutes in reported
    }


def _pump_row(pump: str, comparison: Comparison, minutes: int, others: Sequence[Metric]) -> dict[str, CellValue]:
    step = step_at(minutes)
    return {
        "pump": pump,
        "windows": comparison.windows,
        **_errors(comparison, step),
        "MEAN": comparison.figure("mae", step, Span.mean).value,
        **{f"{metric.title} AT": comparison.figure(metric.name, step).value for metric in others},
    }


def _groups(window_set: WindowSetResults, minutes: int) -> dg.TableMetadataValue:
    step = step_at(minutes)
    rows: list[dict[str, CellValue]] = [
        {
            "group": label,
            "readings": comparison.targets[step - 1],
            "bias": comparison.figure("bias", step).value,
            **_errors(comparison, step),
        }
        for label, comparison in window_set.groups.items()
    ]
    return table(rows, _group_columns(window_set))


def _errors(comparison: Comparison, step: int) -> dict[str, CellValue]:
    mae, skill = comparison.figure("mae", step), comparison.skill_at(step)
    beside = {name: comparison.figure("mae", step, forecaster=name).value for name in comparison.table.baselines}
    return {
        "AT": mae.value,
        "AT, 95 %": _shown(mae, 1),
        **beside,
        "skill": skill.value,
        "skill, 95 %": _shown(skill, 2),
    }


def _shown(estimate: Estimate, decimals: int) -> str | None:
    interval = estimate.interval
    return None if interval is None else f"{interval.low:.{decimals}f} to {interval.high:.{decimals}f}"


def report_metadata(report: Report, path: Path, pictures: dict[str, bytes]) -> Metadata:
    """The opening as text, where the file lies, and the most telling pictures."""
    return {
        "in plain words": report.opening,
        "report": dg.PathMetadataValue(str(path.resolve())),
        **{name: picture(png, name) for name, png in pictures.items()},
    }
