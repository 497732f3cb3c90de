"""Page of test_results."""

import dagster as dg

from bloodtwin_assets.pages.parts import Cell, Page, numbers, picture, table
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, step_at
from bloodtwin_core.evaluation.results import Comparison, TestResults, WindowSetResults

RESULT_COLUMNS = {
    "pump": "Serial number",
    "windows": "Windows tested",
    "AT": "MAE at that moment, mg/dL",
    "persistence": "The same of the last reading, mg/dL",
    "ridge": "The same of the ridge regression, mg/dL",
    "skill": "MAE AT / persistence's; below 1 is better",
    "MEAN": "MAE over all steps up to that moment, mg/dL",
    "RMSE AT": "RMSE at that moment, mg/dL",
}
TARGET_COLUMNS = {"target": "Name of its check", "outcome": "On the complete windows of all pumps", "met": "yes or no"}
ALL_PUMPS = "all"


def results_page(results: TestResults, pictures: dict[str, bytes]) -> Page:
    """Targets, pictures, and tables with a row per pump."""
    headline = numbers(results.headline.within(results.horizon))
    return {
        "targets": table(
            [{"target": t.name, "outcome": t.reading, "met": "yes" if t.met else "no"} for t in results.targets],
            TARGET_COLUMNS,
        ),
        **{name: picture(png, name) for name, png in pictures.items()},
        **_tables("complete", results.complete, results.horizon),
        **_tables("available", results.available, results.horizon),
        **{f"{name} (mg/dL)": value for name, value in headline.items()},
        "notes": dg.MarkdownMetadataValue("\n".join(f"- {note}" for note in results.notes) or "none"),
    }


def _tables(name: str, found: WindowSetResults, horizon: int) -> dict[str, dg.TableMetadataValue]:
    pumps = {**found.pumps, ALL_PUMPS: found.pooled}
    return {
        f"{minutes} min ahead, {name} windows": table(
            [_row(pump, comparison, minutes) for pump, comparison in pumps.items()], RESULT_COLUMNS
        )
        for minutes in REPORTED_MINUTES
        if step_at(minutes) <= horizon
    }


def _row(pump: str, found: Comparison, minutes: int) -> dict[str, Cell]:
    at = f"test_mae_at_{minutes}min"
    return {
        "pump": pump,
        "windows": found.windows,
        "AT": getattr(found.model, at),
        "persistence": getattr(found.persistence, at),
        "ridge": getattr(found.ridge, at),
        "skill": getattr(found.skill, at),
        "MEAN": getattr(found.model, f"test_mae_{minutes}min"),
        "RMSE AT": getattr(found.model, f"test_rmse_at_{minutes}min"),
    }
