"""Pages of test_results and evaluation_report."""

from pathlib import Path

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, numbers, picture, table
from bloodtwin_assets.evaluation.uncertainty_tables import alarms_table, bands_table, meaning_table
from bloodtwin_core.evaluation.comparison import Comparison, Interval, WindowSetResults
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, step_at
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.reporting.html import ReportPage as Report

INTERVAL = "95 % interval, by drawing test days anew"
RESULT_COLUMNS = {
    "pump": "Serial number",
    "windows": "Windows tested",
    "AT": "MAE at that moment, mg/dL",
    "AT, 95 %": f"Its {INTERVAL}",
    "persistence": "The same of the last reading, mg/dL",
    "ridge": "The same of the ridge regression, mg/dL",
    "skill": "MAE AT / persistence's; below 1 is better",
    "skill, 95 %": f"Its {INTERVAL}",
    "MEAN": "MAE over all steps up to that moment, mg/dL",
    "RMSE AT": "RMSE at that moment, mg/dL",
}
GROUP_COLUMNS = {
    "group": "By the reading forecast for, the origin's time of day, and what happened before the forecast",
    "readings": "Readings that the forecasts are held against",
    "AT": "MAE at that moment, mg/dL",
    "AT, 95 %": f"Its {INTERVAL}",
    "bias": "Mean of forecast minus reading at that moment, mg/dL",
    "persistence": "MAE of the last reading, mg/dL",
    "ridge": "MAE of the ridge regression, mg/dL",
    "skill": "MAE AT / persistence's; below 1 is better",
    "skill, 95 %": f"Its {INTERVAL}",
}
TARGET_COLUMNS = {"target": "Name of its check", "outcome": "On the complete windows of all pumps", "met": "yes or no"}
BAND_TARGET_COLUMNS = {"target": "What the 80 % band should hold", "outcome": "On all windows", "met": "yes or no"}
ALL_PUMPS = "all"


def results_page(results: TestResults, pictures: dict[str, bytes]) -> Metadata:
    """Targets, pictures, tables with a row per pump and per group, uncertainty and clinical meaning."""
    reported = [minutes for minutes in REPORTED_MINUTES if step_at(minutes) <= results.horizon]
    return {
        "targets": _targets(results),
        **{name: picture(png, name) for name, png in pictures.items()},
        **_pump_tables("complete", results.complete, reported),
        **_pump_tables("available", results.available, reported),
        **{f"{each} min ahead by group, available windows": _groups(results.available, each) for each in reported},
        **_uncertainty(results, reported),
        "error grids": meaning_table(results.clinical, reported),
        "alarms": alarms_table(results.clinical),
        **{f"{name} (mg/dL)": value for name, value in numbers(results.headline.within(results.horizon)).items()},
        "notes": dg.MarkdownMetadataValue("\n".join(f"- {note}" for note in results.notes) or "none"),
    }


def _targets(results: TestResults) -> dg.TableMetadataValue:
    return table(
        [{"target": t.name, "outcome": t.reading, "met": "yes" if t.met else "no"} for t in results.targets],
        TARGET_COLUMNS,
    )


def _uncertainty(results: TestResults, reported: list[int]) -> dict[str, dg.TableMetadataValue]:
    found = results.uncertainty
    if found is None:
        return {}
    outcomes = [{"target": t.name, "outcome": t.reading, "met": "yes" if t.met else "no"} for t in found.targets]
    return {"80 % band": bands_table(found, reported), "80 % band, targets": table(outcomes, BAND_TARGET_COLUMNS)}


def _pump_tables(name: str, found: WindowSetResults, reported: list[int]) -> dict[str, dg.TableMetadataValue]:
    pumps = {**found.pumps, ALL_PUMPS: found.pooled}
    return {
        f"{minutes} min ahead, {name} windows": table(
            [_pump_row(pump, comparison, minutes) for pump, comparison in pumps.items()], RESULT_COLUMNS
        )
        for minutes in reported
    }


def _pump_row(pump: str, found: Comparison, minutes: int) -> dict[str, CellValue]:
    return {
        "pump": pump,
        "windows": found.windows,
        **_errors(found, minutes),
        "MEAN": getattr(found.model, f"test_mae_{minutes}min"),
        "RMSE AT": getattr(found.model, f"test_rmse_at_{minutes}min"),
    }


def _groups(found: WindowSetResults, minutes: int) -> dg.TableMetadataValue:
    step = step_at(minutes) - 1
    rows: list[dict[str, CellValue]] = [
        {
            "group": label,
            "readings": comparison.by_step.targets[step],
            "bias": comparison.by_step.model.bias_at[step],
            **_errors(comparison, minutes),
        }
        for label, comparison in found.groups.items()
    ]
    return table(rows, GROUP_COLUMNS)


def _errors(found: Comparison, minutes: int) -> dict[str, CellValue]:
    at, intervals = f"test_mae_at_{minutes}min", found.intervals
    return {
        "AT": getattr(found.model, at),
        "AT, 95 %": _shown(intervals.model[at], 1) if intervals else None,
        "persistence": getattr(found.persistence, at),
        "ridge": getattr(found.ridge, at),
        "skill": getattr(found.skill, at),
        "skill, 95 %": _shown(intervals.skill[at], 2) if intervals else None,
    }


def _shown(interval: Interval | None, decimals: int) -> str | None:
    return None if interval is None else f"{interval.low:.{decimals}f} to {interval.high:.{decimals}f}"


def report_metadata(report: Report, path: Path, pictures: dict[str, bytes]) -> Metadata:
    """The opening, where the file lies, and the most telling pictures."""
    return {
        "in plain words": dg.MarkdownMetadataValue(report.opening),
        "report": dg.PathMetadataValue(str(path.resolve())),
        **{name: picture(png, name) for name, png in pictures.items()},
    }
