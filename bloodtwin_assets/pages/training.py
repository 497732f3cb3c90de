"""Page of trained_checkpoint, and the observation of each epoch."""

import dagster as dg

from bloodtwin_assets.pages.parts import Cell, Page, numbers, picture, table
from bloodtwin_core.training import EpochReport, FittedModel

EPOCH_COLUMNS = {
    "epoch": "Counted from 0",
    "train loss": "Mean absolute error in training, mg/dL",
    "val MAE": "Mean absolute error on the validation split, mg/dL",
    "learning rate": "AdamW's",
    "forecasts/s": "Supervised forecasts a second while training",
    "seconds": "Training and validation together",
}


def epoch_observation(report: EpochReport) -> Page:
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


def fitted_page(fitted: FittedModel, curve: bytes) -> Page:
    """The learning curve and the epoch that was kept."""
    resumed = fitted.resumed_from_epoch
    return {
        "learning curve": picture(curve, "Loss and validation MAE by epoch"),
        "val_mae (mg/dL)": round(fitted.best.val_mae, 3),
        "best epoch": fitted.best.epoch,
        "epochs": len(fitted.epochs),
        "training time (s)": round(sum(report.seconds for report in fitted.epochs), 1),
        "forecasts per second": round(fitted.best.forecasts_per_second),
        "device": str(fitted.compute),
        "resumed": "no" if resumed is None else f"from epoch {resumed}",
        "weights and scaler at the start": _start(fitted),
        "epoch by epoch": table([_row(report) for report in fitted.epochs], EPOCH_COLUMNS, decimals=5),
        "checkpoint": dg.PathMetadataValue(fitted.checkpoint.absolute()),
        "sha256": fitted.sha256,
    }


def _start(fitted: FittedModel) -> str:
    if fitted.base is None:
        return "fresh weights, the scaler of fitted_scaler"
    return f"those of {fitted.base.path} (sha256 {fitted.base.sha256}); the scaler of fitted_scaler is reported only"


def _row(report: EpochReport) -> dict[str, Cell]:
    return {
        "epoch": report.epoch,
        "train loss": round(report.train_loss, 3),
        "val MAE": round(report.val_mae, 3),
        "learning rate": report.learning_rate,
        "forecasts/s": round(report.forecasts_per_second),
        "seconds": round(report.seconds, 1),
    }
