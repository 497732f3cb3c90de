"""Page of test_results."""

import dagster as dg

from bloodtwin_assets.pages.parts import Cell, Page, numbers, picture, table
from bloodtwin_core.evaluation.results import Comparison, TestResults, WindowSetResults

RESULT_COLUMNS = {
    "pump": "Serial number",
    "windows": "Windows tested",
    "MAE AT 30": "mg/dL, 30 minutes ahead",
    "persistence AT 30": "The same of the last reading",
    "ridge AT 30": "The same of the ridge regression",
    "skill AT 30": "MAE / persistence's; below 1 is better",
    "MAE AT 60": "mg/dL, 60 minutes ahead",
    "persistence AT 60": "The same of the last reading",
    "ridge AT 60": "The same of the ridge regression",
    "skill AT 60": "MAE / persistence's; below 1 is better",
    "MAE MEAN 30": "mg/dL, all steps up to 30 minutes",
    "MAE MEAN 60": "mg/dL, all steps up to 60 minutes",
    "RMSE": "mg/dL, all steps",
    "RMSE AT 60": "mg/dL, 60 minutes ahead",
}
TARGET_COLUMNS = {"target": "Name of its check", "outcome": "On the complete windows of all pumps", "met": "yes or no"}
ALL_PUMPS = "all pumps"


def results_page(results: TestResults, pictures: dict[str, bytes]) -> Page:
    """Targets, pictures, and a table per window set with a row per pump."""
    headline = numbers(results.headline.within(results.horizon))
    return {
        "targets": table(
            [{"target": t.name, "outcome": t.reading, "met": "yes" if t.met else "no"} for t in results.targets],
            TARGET_COLUMNS,
        ),
        **{name: picture(png, name) for name, png in pictures.items()},
        "per pump, complete windows": table(_rows(results.complete), RESULT_COLUMNS),
        "per pump, available windows": table(_rows(results.available), RESULT_COLUMNS),
        **{f"{name} (mg/dL)": value for name, value in headline.items()},
        "windows (complete)": results.complete.windows,
        "windows (available)": results.available.windows,
        "notes": dg.MarkdownMetadataValue("\n".join(f"- {note}" for note in results.notes) or "none"),
    }


def _rows(found: WindowSetResults) -> list[dict[str, Cell]]:
    pooled = _row(ALL_PUMPS, found.pooled)
    return [*(_row(pump, comparison) for pump, comparison in found.pumps.items()), pooled]


def _row(pump: str, found: Comparison) -> dict[str, Cell]:
    return {
        "pump": pump,
        "windows": found.windows,
        "MAE AT 30": found.model.test_mae_at_30min,
        "persistence AT 30": found.persistence.test_mae_at_30min,
        "ridge AT 30": found.ridge.test_mae_at_30min,
        "skill AT 30": found.skill.test_mae_at_30min,
        "MAE AT 60": found.model.test_mae_at_60min,
        "persistence AT 60": found.persistence.test_mae_at_60min,
        "ridge AT 60": found.ridge.test_mae_at_60min,
        "skill AT 60": found.skill.test_mae_at_60min,
        "MAE MEAN 30": found.model.test_mae_30min,
        "MAE MEAN 60": found.model.test_mae_60min,
        "RMSE": found.model.test_rmse,
        "RMSE AT 60": found.model.test_rmse_at_60min,
    }
