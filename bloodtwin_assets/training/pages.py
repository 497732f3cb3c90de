"""Pages of trained_checkpoint and personal_checkpoints."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, glucose, numbers, picture, table
from bloodtwin_core.records.glucose_units import GlucoseUnit

if TYPE_CHECKING:
    from bloodtwin_core.personal.storage import PersonalIndex, PersonalOutcome
    from bloodtwin_core.training import EpochReport, FittedModel


def _epoch_columns(unit: GlucoseUnit) -> dict[str, str]:
    return {
        "epoch": "Counted from 0",
        "train loss": f"Mean absolute error in training, {unit}",
        "val MAE": f"Mean absolute error on the validation split, {unit}",
        "learning rate": "AdamW's",
        "forecasts/s": "Supervised forecasts a second while training",
        "seconds": "Training and validation together",
    }


def epoch_observation(report: "EpochReport", unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Metadata:
    """One epoch, as Dagster plots it over time."""
    return numbers(
        {
            "epoch": report.epoch,
            f"train_loss ({unit})": unit.of(report.train_loss),
            f"val_mae ({unit})": unit.of(report.val_mae),
            "learning rate": report.learning_rate,
            "forecasts per second": report.forecasts_per_second,
        }
    )


def fitted_page(fitted: "FittedModel", curve: bytes, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Metadata:
    """The epoch that was kept, and the learning curve."""
    resumed = fitted.resumed_from_epoch
    return {
        f"val_mae ({unit})": round(unit.of(fitted.best.val_mae), unit.places(3)),
        "best epoch": fitted.best.epoch,
        "epochs": len(fitted.epochs),
        "learning curve": picture(curve, "Loss and validation MAE by epoch"),
        "training time (s)": round(sum(report.seconds for report in fitted.epochs), 1),
        "forecasts per second": round(fitted.best.forecasts_per_second),
        "device": str(fitted.compute),
        "resumed": "no" if resumed is None else f"from epoch {resumed}",
        "weights and scaler at the start": _start(fitted),
        "epoch by epoch": table([_epoch_row(each, unit) for each in fitted.epochs], _epoch_columns(unit), decimals=5),
        "checkpoint": dg.PathMetadataValue(fitted.checkpoint.absolute()),
        "sha256": fitted.sha256,
    }


def _start(fitted: "FittedModel") -> str:
    if fitted.base is None:
        return "fresh weights, the scaler of fitted_scaler"
    return f"those of {fitted.base.path} (sha256 {fitted.base.sha256}); the scaler of fitted_scaler is reported only"


def _epoch_row(report: "EpochReport", unit: GlucoseUnit) -> dict[str, CellValue]:
    return {
        "epoch": report.epoch,
        "train loss": glucose(report.train_loss, unit, 3),
        "val MAE": glucose(report.val_mae, unit, 3),
        "learning rate": report.learning_rate,
        "forecasts/s": round(report.forecasts_per_second),
        "seconds": round(report.seconds, 1),
    }


def _outcome_columns(unit: GlucoseUnit) -> dict[str, str]:
    return {
        "pump": "Serial number",
        "kept": "The network that this pump goes on with",
        "validate MAE before": f"Of the unified network, over all steps, {unit}",
        "validate MAE after": f"Of the fine-tuned copy, over all steps, {unit}; this decides",
        "test MAE before": "The same on the test split, for information",
        "test MAE after": "The same on the test split, for information",
        "why": "Why it was accepted or not",
        "to learn from": "Training windows",
        "to judge by": "Validation windows",
    }


def personal_page(index: "PersonalIndex", folder: Path, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Metadata:
    """A row per pump, and how many copies were accepted."""
    accepted = sum(outcome.accepted for outcome in index.outcomes)
    return {
        "verdict": f"{accepted} of {len(index.outcomes)} pumps go on with a copy of their own",
        "pumps": table([_outcome_row(each, unit) for each in index.outcomes], _outcome_columns(unit), decimals=3),
        "accepted": accepted,
        "number of pumps": len(index.outcomes),
        "scaler": "that of the unified checkpoint",
        "unified checkpoint sha256": index.unified_sha256,
        "folder": dg.PathMetadataValue(folder.absolute()),
    }


def _outcome_row(outcome: "PersonalOutcome", unit: GlucoseUnit) -> dict[str, CellValue]:
    return {
        "pump": outcome.pump_id,
        "to learn from": outcome.train_windows,
        "to judge by": outcome.validate_windows,
        "validate MAE before": glucose(outcome.validate_before, unit),
        "validate MAE after": glucose(outcome.validate_after, unit),
        "test MAE before": glucose(outcome.test_before, unit),
        "test MAE after": glucose(outcome.test_after, unit),
        "kept": "personal copy" if outcome.accepted else "unified network",
        "why": outcome.told(unit),
    }
