"""How fast training is: dense against windowed mode, and what surrounds forward, backward and optimizer."""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from benchmarks.common.rows import Row, at_least, below, noted
from bloodtwin_core.config import Device, ModelSettings, Precision, TrainingMode, TrainingSettings
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.pipeline.preparing import Prepared
from bloodtwin_core.training import CheckpointFolder, EpochReport, choose_compute
from bloodtwin_core.training.batches import DenseBatches, WindowedBatches
from bloodtwin_core.training.compute import denormals_as_zero
from bloodtwin_core.training.fit import fit
from bloodtwin_core.training.module import ForecasterTraining, MakesTraining

AUTOCAST = {Precision.bfloat16: torch.bfloat16, Precision.float16: torch.float16}
MODEL = ModelSettings()


class FirstEpoch:
    """Stands for the Lightning module where batches ask for the epoch."""

    current_epoch = 0


class Reached(Exception):
    """The validation MAE asked for was reached."""


class BareLoop:
    """Forward, backward and optimizer of training, and nothing else."""

    def __init__(self, prepared: Prepared, settings: TrainingSettings) -> None:
        self.compute = choose_compute(settings, MODEL.cell)
        self.module = ForecasterTraining(prepared.windows, prepared.scaler, MODEL, settings, "")
        self.module.log = lambda *_args, **_options: None  # type: ignore[method-assign]
        self.module.to(self.compute.device.value)
        self.optimizer = torch.optim.AdamW(self.module.parameters(), lr=settings.learning_rate, foreach=True)
        self.scaler = torch.amp.GradScaler(enabled=self.compute.precision is Precision.float16)
        dense = settings.mode is TrainingMode.dense
        self.batches = (DenseBatches if dense else WindowedBatches)(prepared.windows, settings, FirstEpoch())

    def steps(self) -> Iterator[float]:
        """Take the steps of an epoch; gives the seconds of each."""
        dtype = AUTOCAST.get(self.compute.precision)
        for batch in self.batches:
            began = time.perf_counter()
            with torch.autocast(self.compute.device.value, dtype=dtype, enabled=dtype is not None):
                loss = self.module.training_step(batch.to(self.compute.device.value), 0)
            self._learn(loss)
            if self.compute.device is Device.cuda:
                torch.cuda.synchronize()
            yield time.perf_counter() - began

    def _learn(self, loss: Tensor) -> None:
        torch.autograd.backward(self.scaler.scale(loss))
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()


def dense_against_windowed(prepared: Prepared) -> list[Row]:
    """Supervised forecasts per second of both modes on one CPU thread, in 32-bit and in what auto chooses there."""
    chosen = choose_compute(TrainingSettings(device=Device.cpu), MODEL.cell).precision
    rows: list[Row] = []
    for precision in dict.fromkeys((Precision.float32, chosen)):
        rows += _rates(prepared, precision)
    return rows


def _rates(prepared: Prepared, precision: Precision, rounds: int = 9) -> list[Row]:
    # The modes take turns, so that other work on the machine slows both; their median step counts.
    modes = {TrainingMode.windowed: 1, TrainingMode.dense: 5}
    seconds: dict[TrainingMode, list[float]] = {mode: [] for mode in modes}
    with denormals_as_zero(), torch_threads(1):
        loops = {
            mode: BareLoop(prepared, TrainingSettings(mode=mode, device=Device.cpu, precision=precision))
            for mode in modes
        }
        steps = {mode: loop.steps() for mode, loop in loops.items()}
        for mode, loop in loops.items():
            next(steps[mode])
            loop.module.forecasts_this_epoch = 0
        for _ in range(rounds):
            for mode, turns in modes.items():
                seconds[mode] += islice(steps[mode], turns)
    rates = {
        mode: loop.module.forecasts_this_epoch / len(seconds[mode]) / median(seconds[mode])
        for mode, loop in loops.items()
    }
    where = f"CPU, {precision}"
    return [
        noted(f"windowed mode, {where}, one thread", rates[TrainingMode.windowed], "forecasts/s"),
        noted(f"dense mode, {where}, one thread", rates[TrainingMode.dense], "forecasts/s"),
        at_least(
            f"supervised forecasts per second, dense / windowed, {where}",
            rates[TrainingMode.dense] / rates[TrainingMode.windowed],
            "times",
            150,
        ),
    ]


def time_to_the_same_error(prepared: Prepared, folder: Path) -> list[Row]:
    """Wall time to the validation MAE that windowed mode has after one epoch: windowed / dense."""
    windowed = _epochs(prepared, TrainingSettings(mode=TrainingMode.windowed, max_epochs=1), folder / "windowed")
    goal = windowed[-1].val_mae
    dense = _epochs(prepared, TrainingSettings(), folder / "dense", until=goal)
    name = "wall time to the validation MAE of one windowed epoch, windowed / dense"
    if dense[-1].val_mae > goal:
        return [Row(f"{name} (dense mode never reached {goal:.2f} mg/dL)", 0.0, "times", ">= 50", met=False)]
    ratio = sum(e.seconds for e in windowed) / sum(e.seconds for e in dense)
    return [
        noted("one windowed epoch", windowed[0].seconds, "s"),
        noted(f"dense mode to the same {goal:.2f} mg/dL, {len(dense)} epochs", sum(e.seconds for e in dense), "s"),
        at_least(name, ratio, "times", 50),
    ]


def share_outside_the_step(prepared: Prepared, folder: Path, epochs: int = 4) -> Row:
    """Share of the training part of an epoch that is not forward, backward and optimizer; the median epoch counts.

    Both are timed in the same loop, so that other work on the machine touches both alike.
    """
    settings = TrainingSettings(max_epochs=epochs)
    shares: list[float] = []

    class Timed(ForecasterTraining):
        """Adds up the time of forward, backward and optimizer, which Lightning runs inside optimizer_step."""

        def on_train_epoch_start(self) -> None:
            super().on_train_epoch_start()
            self.epoch_began, self.in_steps = time.perf_counter(), 0.0

        def optimizer_step(self, *arguments: Any, **options: Any) -> None:
            began = time.perf_counter()
            super().optimizer_step(*arguments, **options)
            self.in_steps += time.perf_counter() - began

        def on_validation_start(self) -> None:
            shares.append(1 - self.in_steps / (time.perf_counter() - self.epoch_began))

    _epochs(prepared, settings, folder, made=Timed)
    device = choose_compute(settings, MODEL.cell).device
    limit = 0.15 if device is Device.cuda else 0.03
    return below(f"share of the training step outside the network, {device}", median(shares), "", limit)


def _epochs(
    prepared: Prepared,
    settings: TrainingSettings,
    folder: Path,
    until: float = 0.0,
    made: MakesTraining = ForecasterTraining,
) -> list[EpochReport]:
    reports: list[EpochReport] = []

    def listen(report: EpochReport) -> None:
        reports.append(report)
        if report.val_mae <= until:
            raise Reached

    try:
        checkpoints, logs = CheckpointFolder(folder / "checkpoints"), folder / "logs"
        fit(prepared.windows, prepared.scaler, MODEL, settings, checkpoints, logs, "", on_epoch=listen, made=made)
    except Reached:
        pass
    return reports
