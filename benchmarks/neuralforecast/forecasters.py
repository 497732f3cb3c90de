"""neuralforecast's LSTM and NHITS: how they are set up, trained on bloodTwin's splits and asked for test forecasts.

Where its defaults cost it time or accuracy on these windows, they are departed from in its favour, with the reason.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from measures import Spent, spending
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MAE
from neuralforecast.models import LSTM, NHITS
from windows import HISTORY, Glucose, Windows

VALIDATION_LOSS = "ptl/val_loss"
"""neuralforecast's name for the mean absolute error on the validation records, mg/dL."""
PATIENCE = 5
"""Validations without a better MAE before training stops; as many as bloodTwin waits epochs."""
MEASURED_SHARE = 0.9
"""Smallest measured share of a training window's lookback, as in bloodTwin."""


FAST_LSTM = {"precision": "bf16-mixed"} if torch.cpu.get_capabilities().get("amx_bf16", False) else {}
"""What bloodTwin does too where the processor has matrix units for bfloat16; here it halves the time per step."""


@dataclass(frozen=True)
class Variant:
    """A forecaster, at most how many steps it trains, and where its settings depart from those shared by all.

    Its default of 32 series a step would cut and copy every window of every pump at each step (0.9 GB); 4 are enough.
    """

    model: Callable[..., Any]
    max_steps: int
    validate_every: int
    windows_a_step: int
    settings: dict[str, Any] = field(default_factory=dict)


VARIANTS = {
    "LSTM": Variant(LSTM, 1000, 200, 128, FAST_LSTM),
    # As it comes, its LSTM reads the forecast of each step off the state twelve records before that step, so the first
    # eleven steps do not see the latest readings. recurrent=True does, forecasting step by step from its own forecasts.
    "LSTM, recurrent": Variant(LSTM, 600, 200, 128, {"recurrent": True, "h_train": 12, **FAST_LSTM}),
    "NHITS": Variant(NHITS, 800, 50, 1024),
    # Its own default, not to scale; on validation the best of what was tried, see docs/performance_neuralforecast.md.
    "NHITS, unscaled": Variant(NHITS, 800, 50, 1024, {"scaler_type": "identity"}),
}


@dataclass(frozen=True)
class Trained:
    """A fitted forecaster, with the weights of its best validation, and what that took."""

    forecaster: NeuralForecast
    spent: Spent
    steps: int
    windows_drawn: int
    best_step: int
    validation_mae: float


class KeepBest(pl.Callback):
    """Stops when the processor time is spent, and puts back the weights of the best validation at the end.

    neuralforecast itself would keep the last ones.
    """

    def __init__(self, processor_seconds: float) -> None:
        self.until = time.process_time() + processor_seconds
        self.validation_mae, self.best_step, self.steps = float("inf"), 0, 0
        self.weights: dict[str, Any] = {}

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Stop if the time is up."""
        if time.process_time() > self.until:
            trainer.should_stop = True

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep a copy if this is the best so far."""
        mae = float(trainer.callback_metrics[VALIDATION_LOSS])
        if mae < self.validation_mae:
            self.validation_mae, self.best_step = mae, trainer.global_step
            self.weights = copy.deepcopy(pl_module.state_dict())

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the best back."""
        self.steps = trainer.global_step
        if self.weights:
            pl_module.load_state_dict(self.weights)


def train(windows: Windows, variant: Variant, processor_seconds: float, seed: int) -> Trained:
    """Train on the training split, stop on the validation split.

    neuralforecast validates on equally many records of every series, so the longer validation splits lose their end.
    """
    training = windows.split_frame("train")
    validation = windows.split_frame("validate", windows.shortest("validate"))
    forecaster = NeuralForecast([_model(windows, variant, seed, KeepBest(processor_seconds))], freq=1)
    with spending() as spent:
        forecaster.fit(training, val_df=validation)
    best = next(c for c in forecaster.models[0].trainer_kwargs["callbacks"] if isinstance(c, KeepBest))
    drawn = best.steps * variant.windows_a_step
    return Trained(forecaster, spent, best.steps, drawn, best.best_step, best.validation_mae)


def _model(windows: Windows, variant: Variant, seed: int, keep_best: KeepBest) -> pl.LightningModule:
    model: pl.LightningModule = variant.model(
        h=windows.horizon,
        input_size=windows.lookback,
        loss=MAE(),
        hist_exog_list=HISTORY,
        batch_size=4,
        windows_batch_size=variant.windows_a_step,
        inference_windows_batch_size=1024,
        training_data_availability_threshold=[MEASURED_SHARE, 0.0],
        max_steps=variant.max_steps,
        val_check_steps=variant.validate_every,
        early_stop_patience_steps=PATIENCE,
        random_seed=seed,
        callbacks=[keep_best],
        num_sanity_val_steps=0,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **({"scaler_type": "robust"} | variant.settings),
    )
    return model


def forecast(trained: Trained, windows: Windows) -> tuple[Glucose, Spent]:
    """Forecasts from every complete test origin, mg/dL [window, horizon], each from exactly its lookback."""
    trained.forecaster.models[0].valid_batch_size = 1024
    with spending() as spent:
        answer = trained.forecaster.predict(windows.test_lookback_frame()).sort_values(["unique_id", "ds"])
    steps = answer.drop(columns=["unique_id", "ds"]).to_numpy(dtype=np.float32)
    return steps.reshape(-1, windows.horizon), spent
