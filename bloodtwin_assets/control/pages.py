"""The page of control_trial."""

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, table
from bloodtwin_core.control.trial.measures import MEASURES
from bloodtwin_core.pipeline.control import SCENARIO, ControlTrial


def trial_page(trial: ControlTrial) -> Metadata:
    """A row for each controller, and what the version in use brings more than the one before."""
    page: dict[str, dg.TableMetadataValue | str | float] = {
        "what it came to": table([_row(trial, name) for name in trial.result.controllers], _columns()),
        "in use": trial.in_use,
    }
    for measure, change in trial.changes().items():
        page[f"more {MEASURES[measure].title} than {trial.before} (%)"] = change.value
    return page


def _row(trial: ControlTrial, controller: str) -> dict[str, CellValue]:
    arm = trial.result.arm(controller, SCENARIO)
    return {"controller": controller, **{name: round(arm.mean(name), 2) for name in MEASURES}}


def _columns() -> dict[str, str]:
    told = {name: f"{measure.title} {measure.unit}".strip() for name, measure in MEASURES.items()}
    return {"controller": "Who decides, on the same lives", **told}
