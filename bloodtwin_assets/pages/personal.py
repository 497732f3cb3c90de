"""Page of personal_checkpoints."""

from pathlib import Path

import dagster as dg

from bloodtwin_assets.pages.parts import Cell, Page, table
from bloodtwin_core.personal_files import PersonalIndex, PersonalOutcome

OUTCOME_COLUMNS = {
    "pump": "Serial number",
    "to learn from": "Training windows",
    "to judge by": "Validation windows",
    "validate MAE before": "Of the unified network, over all steps, mg/dL",
    "validate MAE after": "Of the fine-tuned copy, over all steps, mg/dL; this decides",
    "test MAE before": "The same on the test split, for information",
    "test MAE after": "The same on the test split, for information",
    "kept": "The network that this pump goes on with",
    "why": "Why it was accepted or not",
}


def personal_page(index: PersonalIndex, folder: Path) -> Page:
    """A row per pump, and how many copies were accepted."""
    return {
        "pumps": table([_row(outcome) for outcome in index.outcomes], OUTCOME_COLUMNS),
        "accepted": sum(outcome.accepted for outcome in index.outcomes),
        "number of pumps": len(index.outcomes),
        "scaler": "that of the unified checkpoint",
        "unified checkpoint sha256": index.unified_sha256,
        "folder": dg.PathMetadataValue(folder.absolute()),
    }


def _row(outcome: PersonalOutcome) -> dict[str, Cell]:
    return {
        "pump": outcome.pump_id,
        "to learn from": outcome.train_windows,
        "to judge by": outcome.validate_windows,
        "validate MAE before": outcome.validate_before,
        "validate MAE after": outcome.validate_after,
        "test MAE before": outcome.test_before,
        "test MAE after": outcome.test_after,
        "kept": "personal copy" if outcome.accepted else "unified network",
        "why": outcome.reason,
    }
