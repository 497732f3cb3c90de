"""The LightningModule: loss, validation MAE, optimizer and learning rate schedule."""

from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from bloodtwin_core.config import ModelSettings, TrainingMode, TrainingSettings
from bloodtwin_core.model import GlucoseForecaster
from bloodtwin_core.records import GLUCOSE_LIMITS, Feature, Split
from bloodtwin_core.scaling import FeatureScaler
from bloodtwin_core.windows import WindowedSeries


class ForecasterTraining(L.LightningModule):
    """Trains a GlucoseForecaster on rows of one series that stays on the device."""

    series: Tensor
    is_origin: Tensor

    def __init__(
        self,
        windows: WindowedSeries,
        scaler: FeatureScaler,
        model: ModelSettings,
        training: TrainingSettings,
        data_fingerprint: str,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(
            {
                "model": model.model_dump(mode="json"),
                "training": training.model_dump(mode="json"),
                "scaler": scaler.model_dump(mode="json"),
                "lookback": windows.lookback,
                "horizon": windows.horizon,
                "data_fingerprint": data_fingerprint,
            }
        )
        self.training_settings = training
        self.lookback, self.horizon = windows.lookback, windows.horizon
        self.forecaster = GlucoseForecaster(model, windows.horizon, scaler)
        is_origin = np.zeros(len(windows.series), dtype=np.bool_)
        for split in (Split.train, Split.validate):
            is_origin[windows.origins[split].rows] = True
        self.register_buffer("series", torch.from_numpy(np.array(windows.series)), persistent=False)
        self.register_buffer("is_origin", torch.from_numpy(is_origin), persistent=False)
        self.forecasts_this_epoch = 0

    def training_step(self, batch: Tensor, _batch_index: int) -> Tensor:
        """Mean absolute error over all measured targets of a batch, in units of the glucose scale."""
        if self.training_settings.mode is TrainingMode.dense:
            change, rows = self.dense_forecasts(batch, self.training_settings.chunk_length)
        else:
            change, rows = self.windowed_forecasts(batch), batch
        self.forecasts_this_epoch += len(rows)
        target, measured = self.targets(rows)
        last = self.series[rows, Feature.bg.column].unsqueeze(1)
        error = (change - (target - last) / self.forecaster.glucose_scale).abs() * measured
        loss = error.sum() / measured.sum().clamp(min=1)
        # Loss is reported in mg/dL, the unit of everything else a reader compares it with.
        in_glucose = loss.detach() * self.forecaster.glucose_scale
        self.log("train_loss", in_glucose, on_step=False, on_epoch=True, batch_size=len(rows), prog_bar=True)
        return loss

    def validation_step(self, batch: Tensor, _batch_index: int) -> None:
        """Accumulates val_mae (mg/dL) over all measured targets of all available validation windows."""
        length = int((batch[:, 2] - batch[:, 0]).max())
        change, rows = self.dense_forecasts(batch, length)
        target, measured = self.targets(rows)
        last = self.series[rows, Feature.bg.column].unsqueeze(1)
        forecast = last + change.float() * self.forecaster.glucose_scale
        error = (forecast.clamp(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high) - target).abs() * measured
        count = measured.sum()
        self.log("val_mae", error.sum() / count, on_epoch=True, batch_size=int(count), prog_bar=True)

    def dense_forecasts(self, chunks: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Scan chunks once and forecast at every forecast origin on their tiles.

        chunks: int64 [chunk, 4] as DenseBatches gives them. Returns changes [forecast, horizon] in units of
        the glucose scale and the forecast origins' rows [forecast].
        """
        start, tile_start, tile_stop, last = chunks.unsqueeze(-1).unbind(dim=1)
        rows = start + torch.arange(length, device=chunks.device)
        supervised = (rows >= tile_start) & (rows < tile_stop) & self.is_origin[rows.clamp(max=len(self.series) - 1)]
        records = self.series[torch.minimum(rows, last)]
        change = self.forecaster.change_at_steps(records, supervised)
        return change, rows[supervised]

    def windowed_forecasts(self, rows: Tensor) -> Tensor:
        """Forecast from single windows: changes [window, horizon] in units of the glucose scale."""
        lookback = self.series[rows.unsqueeze(1) + torch.arange(1 - self.lookback, 1, device=rows.device)]
        return self.forecaster.change(lookback)

    def targets(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Glucose (mg/dL) after each origin and whether it was measured, both [forecast, horizon]."""
        ahead = rows.unsqueeze(1) + torch.arange(1, self.horizon + 1, device=rows.device)
        return self.series[ahead, Feature.bg.column], self.series[ahead, Feature.bg_missing_flag.column] == 0

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam, whose learning rate falls when val_mae stops falling."""
        settings = self.training_settings
        optimizer = torch.optim.Adam(
            self.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, foreach=True
        )
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=settings.plateau_factor, patience=settings.plateau_patience
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "val_mae"}}

    def on_train_epoch_start(self) -> None:
        """Start counting forecasts."""
        self.forecasts_this_epoch = 0

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say which program wrote the checkpoint."""
        from bloodtwin_core import __version__

        checkpoint["bloodtwin_version"] = __version__
