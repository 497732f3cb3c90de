"""On which device and in which arithmetic a network runs, and why."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import Cell, Device, Precision, TrainingMode, TrainingSettings
from bloodtwin_core.network.cell import CELLS

LightningPrecision = Literal["32-true", "bf16-mixed", "16-mixed"]
LIGHTNING_PRECISION: dict[Precision, LightningPrecision] = {
    Precision.float32: "32-true",
    Precision.bfloat16: "bf16-mixed",
    Precision.float16: "16-mixed",
}


@dataclass(frozen=True)
class Compute:
    """A chosen device, arithmetic and thread count, with the reason in words."""

    device: Device
    precision: Precision
    threads: int
    reason: str

    def __str__(self) -> str:
        threads = f", threads {self.threads}" if self.device is Device.cpu else ""
        return f"{self.device} in {self.precision}{threads}: {self.reason}"


def choose_compute(settings: TrainingSettings, cell: Cell) -> Compute:
    """Choose device, arithmetic and threads for a network of such cells.

    Raises SettingsError if the settings ask for what is not there.
    """
    there = {Device.cuda: torch.cuda.is_available(), Device.mps: torch.backends.mps.is_available(), Device.cpu: True}
    if settings.device is Device.auto:
        device = next(candidate for candidate, available in there.items() if available)
        because = "no CUDA or MPS device was found" if device is Device.cpu else f"{device} was found"
    else:
        device, because = settings.device, "training.device asks for it"
        if not there[device]:
            raise SettingsError(f"training.device is {device}, but torch finds none here. Set training.device: auto")
    precision, why = _choose_precision(settings.precision, device, cell)
    return Compute(device, precision, settings.threads or _training_threads(settings.mode), f"{because}; {why}")


def require_a_device_each(processes: int, device: Device) -> None:
    """Raise SettingsError if this machine has not so many devices of that kind; a CPU is shared by its cores."""
    if device is Device.cpu:
        return
    there = torch.cuda.device_count() if device is Device.cuda else 1
    if processes > there:
        raise SettingsError(
            f"training.processes is {processes}, but each takes a device of its own and torch finds {there} of "
            f"{device} here. Set training.processes: {there}, or training.device: cpu"
        )


def _training_threads(mode: TrainingMode) -> int:
    """Threads of a training step where the settings leave it open.

    In dense mode the few chunks of a step are matrices too small to share: on two cores a second thread made
    60,000 forecasts a second 23,500 where waiting threads sleep and 48,800 where they spin (docs/performance.md).
    """
    return 1 if mode is TrainingMode.dense else usable_cores()


def _choose_precision(asked: Precision, device: Device, cell: Cell) -> tuple[Precision, str]:
    if asked is Precision.float16 and device is not Device.cuda:
        raise SettingsError(f"training.precision float16 needs CUDA, not {device}. Set training.precision: auto")
    if asked is not Precision.auto:
        return asked, "training.precision asks for it"
    if device is Device.cuda:
        return Precision.float16, "16-bit mixed precision is fastest on CUDA"
    if device is Device.cpu and has_bfloat16_matrix_units():
        if not CELLS[cell].fused_bfloat16:
            why = f"this processor has matrix units for bfloat16, but torch has no fused {CELLS[cell].onnx_op} in it"
            return Precision.float32, why
        return Precision.bfloat16, "this processor has matrix units for bfloat16 (AMX)"
    return Precision.float32, f"32-bit is the fastest that is safe on this {device}"


def has_bfloat16_matrix_units() -> bool:
    """Whether the CPU has Intel's AMX: there mixed bfloat16 trains an LSTM twice as fast, to the same validation MAE.

    A GRU it trains more slowly (forward and backward of 8 chunks on one core: 148 ms, 95 in float32), because torch
    has no fused kernel for it. Without the units bfloat16 is emulated. docs/performance.md has the figures.
    """
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def testing_threads(settings: TrainingSettings) -> int:
    """Threads for testing windows one by one, where each takes windows of its own and all cores are of use."""
    return settings.threads or usable_cores()


def usable_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Meanwhile, let the CPU take numbers too small for a normal float32 as zero.

    Gradients fade to such numbers on their way back through a lookback, and arithmetic with them is many times slower:
    windowed mode in float32 made 16 forecasts a second with them and 166 without (one core with AVX-512).
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
