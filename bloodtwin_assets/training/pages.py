"""Pages of trained_checkpoint and personal_checkpoints."""

from pathlib import Path

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, numbers, picture, table
from bloodtwin_core.personal.storage import PersonalIndex, PersonalOutcome
from bloodtwin_core.training import EpochReport, FittedModel

EPOCH_COLUMNS = {
    "epoch": "Counted from 0",
    "train loss": "Mean absolute error in training, mg/dL",
    "val MAE": "Mean absolute error on the validation split, mg/dL",
    "learning rate": "AdamW's",
    "forecasts/s": "Supervised forecasts a second while training",
    "seconds": "Training and validation together",
}


def epoch_observation(report: EpochReport) -> Metadata:
    """One epoch, as Dagster plots it over time."""
    return numbers(
        {
            "epoch": report.epoch,
            "train_loss (mg/dL)": report.train_loss,
            "val_mae (mg/dL)": report.val_mae,
            "learning rate": report.learning_rate,
            "forecasts per second": report.forecasts_per_second,
        }
    )


def fitted_page(fitted: FittedModel, curve: bytes) -> Metadata:
    """The epoch that was kept, and the learning curve."""
    resumed = fitted.resumed_from_epoch
    return {
        "val_mae (mg/dL)": round(fitted.best.val_mae, 3),
        "best epoch": fitted.best.epoch,
        "epochs": len(fitted.epochs),
        "learning curve": picture(curve, "Loss and validation MAE by epoch"),
        "training time (s)": round(sum(report.seconds for report in fitted.epochs), 1),
        "forecasts per second": round(fitted.best.forecasts_per_second),
        "device": str(fitted.compute),
        "resumed": "no" if resumed is None else f"from epoch {resumed}",
        "weights and scaler at the start": _start(fitted),
        "epoch by epoch": table([_epoch_row(report) for report in fitted.epochs], EPOCH_COLUMNS, decimals=5),
        "checkpoint": dg.PathMetadataValue(fitted.checkpoint.absolute()),
        "sha256": fitted.sha256,
    }


def _start(fitted: FittedModel) -> str:
    if fitted.base is None:
        return "fresh weights, the scaler of fitted_scaler"
    return f"those of {fitted.base.path} (sha256 {fitted.base.sha256}); the scaler of fitted_scaler is reported only"


def _epoch_row(report: EpochReport) -> dict[str, CellValue]:
    return {
        "epoch": report.epoch,
        "train loss": round(report.train_loss, 3),
        "val MAE": round(report.val_mae, 3),
        "learning rate": report.learning_rate,
        "forecasts/s": round(report.forecasts_per_second),
        "seconds": round(report.seconds, 1),
    }


OUTCOME_COLUMNS = {
    "pump": "Serial number",
    "kept": "The network that this pump goes on with",
    "validate MAE before": "Of the unified network, over all steps, mg/dL",
    "validate MAE after": "Of the fine-tuned copy, over all steps, mg/dL; this decides",
    "test MAE before": "The same on the test split, for information",
    "test MAE after": "The same on the test split, for information",
    "why": "Why it was accepted or not",
    "to learn from": "Training windows",
    "to judge by": "Validation windows",
}


def personal_page(index: PersonalIndex, folder: Path) -> Metadata:
    """A row per pump, and how many copies were accepted."""
    accepted = sum(outcome.accepted for outcome in index.outcomes)
    return {
        "verdict": f"{accepted} of {len(index.outcomes)} pumps go on with a copy of their own",
        "pumps": table([_outcome_row(outcome) for outcome in index.outcomes], OUTCOME_COLUMNS),
        "accepted": accepted,
        "number of pumps": len(index.outcomes),
        "scaler": "that of the unified checkpoint",
        "unified checkpoint sha256": index.unified_sha256,
        "folder": dg.PathMetadataValue(folder.absolute()),
    }


def _outcome_row(outcome: PersonalOutcome) -> dict[str, CellValue]:
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
