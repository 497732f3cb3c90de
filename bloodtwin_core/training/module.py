"""The LightningModule: loss, validation MAE, optimizer and learning rate schedule."""

from collections.abc import Callable
from typing import Any, NamedTuple

import lightning as L
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from bloodtwin_core.config import ModelSettings, Schedule, TrainingMode, TrainingSettings
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.quantiles import pinball
from bloodtwin_core.records import GLUCOSE_LIMITS, Feature, Split
from bloodtwin_core.training.augmentation import varied
from bloodtwin_core.training.batches import validation_chunk_length
from bloodtwin_core.training.past_alone import learn_past_alone
from bloodtwin_core.training.processes import sharing
from bloodtwin_core.training.series import series_for
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.scaler import FeatureScaler

LAST_OF_COSINE = 0.02
"""Share of the initial learning rate at which a cosine ends."""


class Supervised(NamedTuple):
    """Forecasts and what they are held against.

    rows: forecast origins [forecast]; change: [member, forecast, level, horizon], in units of the glucose scale; last:
    reading at the origin, mg/dL [forecast, 1]; target: mg/dL [forecast, horizon]; measured: whether it was
    [forecast, horizon].
    """

    rows: Tensor
    change: Tensor
    last: Tensor
    target: Tensor
    measured: Tensor


class ForecasterTraining(L.LightningModule):
    """Trains a GlucoseForecaster on rows of one series that stays on the device."""

    is_origin: Tensor
    step_weights: Tensor

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
                "rules": windows.rules.model_dump(mode="json"),
            }
        )
        self.training_settings = training
        self.lookback, self.horizon = windows.lookback, windows.horizon
        self.forecaster = GlucoseForecaster(model, windows.horizon, scaler, windows.lookback)
        if training.past_alone:
            learn_past_alone(self.forecaster)
        is_origin = np.zeros(len(windows.series), dtype=np.bool_)
        for split in (Split.train, Split.validate):
            is_origin[windows.origins[split].rows] = True
        self.series = series_for(windows.series, training.series_memory_mib)
        self.register_buffer("is_origin", torch.from_numpy(is_origin), persistent=False)
        weights = torch.arange(1.0, self.horizon + 1) ** -training.nearness
        self.register_buffer("step_weights", weights, persistent=False)
        self.forecasts_this_epoch = 0

    def training_step(self, batch: Tensor, _batch_index: int) -> Tensor:
        """Loss over all measured targets of a batch, in units of the glucose scale, summed over the members.

        It is the mean pinball loss of all levels, or the absolute error where the point forecast stands alone.
        """
        dense = self.training_settings.mode is TrainingMode.dense
        forecasts = self.dense(batch, self.training_settings.chunk_length) if dense else self.windowed(batch)
        self.forecasts_this_epoch += len(forecasts.last)
        target = (forecasts.target - forecasts.last) / self.forecaster.glucose_scale
        count = forecasts.measured.sum().clamp(min=1)
        # The log is of the point forecast in mg/dL, the unit of everything else a reader compares it with.
        error = (self.forecaster.point_of(forecasts.change.detach()) - target).abs() * forecasts.measured
        in_glucose = error.sum() / count * self.forecaster.glucose_scale
        self._log_mean("train_loss", in_glucose, len(forecasts.last))
        counts = forecasts.measured * self.step_weights
        # Gradients of processes are averaged; this way they are those of one process with the whole batch.
        share = self._loss(forecasts.change, target) * counts
        return share.sum() * sharing.size() / sharing.sum_over_all(counts.sum()).clamp(min=1e-9)

    def _log_mean(self, name: str, value: Tensor, count: int) -> None:
        """Log an epoch's mean over all processes, each value counting as often as it says."""
        self.log(name, value, on_step=False, on_epoch=True, batch_size=count, prog_bar=True, sync_dist=True)

    @staticmethod
    def _loss(change: Tensor, target: Tensor) -> Tensor:
        """Loss of each target, [forecast, horizon], summed over the members."""
        if change.shape[2] == 1:
            return (change[:, :, 0] - target).abs().sum(dim=0)
        return pinball(change, target).mean(dim=2).sum(dim=0)

    def validation_step(self, batch: Tensor, _batch_index: int) -> None:
        """Accumulates val_mae (mg/dL) over all measured targets of all available validation windows."""
        forecasts = self.dense(batch, validation_chunk_length(self.lookback, self.training_settings))
        forecast = forecasts.last + self.forecaster.point_of(forecasts.change) * self.forecaster.glucose_scale
        error = (forecast.clamp(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high) - forecasts.target).abs() * forecasts.measured
        count = int(forecasts.measured.sum())
        # Days without a forecast origin can fill a whole batch; its mean of nothing counts as nothing.
        self._log_mean("val_mae", error.sum() / max(count, 1), count)

    def dense(self, chunks: Tensor, length: int) -> Supervised:
        """Scan chunks once and forecast at every forecast origin on their tiles.

        chunks: int64 [chunk, 4] as DenseBatches gives them; length: steps to scan of each.
        """
        start, tile_start, tile_stop, last = chunks.unsqueeze(-1).unbind(dim=1)
        rows = start + torch.arange(length + self.horizon, device=chunks.device)
        records = self.records(torch.minimum(rows, last))
        rows = rows[:, :length]
        at = (rows >= tile_start) & (rows < tile_stop) & self.is_origin[torch.minimum(rows, last)]
        glucose = records[..., Feature.bg.column]
        measured = records[..., Feature.bg_missing_flag.column] == 0
        return Supervised(
            rows=rows[at],
            change=self.forecaster.change_at_steps(records[:, :length], at),
            last=glucose[:, :length][at].unsqueeze(1),
            target=glucose[:, 1:].unfold(1, self.horizon, 1)[at],
            measured=measured[:, 1:].unfold(1, self.horizon, 1)[at],
        )

    def records(self, rows: Tensor) -> Tensor:
        """Records of the series, [chunk, step, feature], from rows [chunk, step]; varied while training."""
        records: Tensor = self.series(rows)
        return varied(records, self.training_settings, self.forecaster.features) if self.training else records

    def windowed(self, rows: Tensor) -> Supervised:
        """Forecast from single windows; rows: forecast origins, int64 [window]."""
        counted = rows >= 0
        rows = torch.where(counted, rows, ~rows)
        around = torch.arange(1 - self.lookback, self.horizon + 1, device=rows.device)
        records = self.records(rows.unsqueeze(1) + around)
        lookback, ahead = records[:, : self.lookback], records[:, self.lookback :]
        return Supervised(
            rows=rows,
            change=self.forecaster.change(lookback),
            last=lookback[:, -1:, Feature.bg.column],
            target=ahead[..., Feature.bg.column],
            measured=(ahead[..., Feature.bg_missing_flag.column] == 0) & counted.unsqueeze(1),
        )

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW, whose learning rate falls when val_mae stops falling, or as a cosine over all epochs.

        Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, and SGDR, ICLR 2017.
        """
        settings = self.training_settings
        learnt = [weights for weights in self.parameters() if weights.requires_grad]
        # A decay would take hold of the weights, too, that lie beside those of the past and stay.
        decay = 0.0 if settings.past_alone else settings.weight_decay
        optimizer = torch.optim.AdamW(learnt, lr=settings.learning_rate, weight_decay=decay, foreach=True)
        if settings.schedule is Schedule.cosine:
            cosine = torch.optim.lr_scheduler.CosineAnnealingLR(
                optimizer, settings.max_epochs, eta_min=LAST_OF_COSINE * settings.learning_rate
            )
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cosine}}
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=settings.plateau_factor, patience=settings.plateau_patience
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "val_mae"}}

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,  # noqa: ARG002 - Lightning passes these by name.
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,  # noqa: ARG002
    ) -> None:
        """Clip each member's gradient by its own norm, so that it learns as it would alone."""
        if gradient_clip_val:
            for member in self.forecaster.each_member:
                torch.nn.utils.clip_grad_norm_(member.parameters(), gradient_clip_val)

    def on_train_epoch_start(self) -> None:
        """Start counting forecasts."""
        self.forecasts_this_epoch = 0

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say which program wrote the checkpoint."""
        from bloodtwin_core import __version__

        checkpoint["bloodtwin_version"] = __version__


MakesTraining = Callable[[WindowedSeries, FeatureScaler, ModelSettings, TrainingSettings, str], ForecasterTraining]
"""ForecasterTraining, or what a study puts in its place."""
