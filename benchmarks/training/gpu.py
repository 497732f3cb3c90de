"""What only an NVIDIA GPU can show; elsewhere these rows say that they were not measured."""

import time
from itertools import islice
from pathlib import Path

import torch

from benchmarks.common.data import FULL_SIZE, prepared
from benchmarks.common.rows import Row, at_least, below, not_measured
from benchmarks.training.speed import MODEL, BareLoop
from bloodtwin_core.config import Precision, TrainingSettings
from bloodtwin_core.pipeline.preparing import Prepared
from bloodtwin_core.records import FEATURES
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit

EPOCH = "GPU: one epoch at full size"
TRAINING = "GPU: whole training at full size"
PRECISION = "GPU: validation MAE, 16-bit minus 32-bit"
SHARE = "GPU: speed of the same cuDNN LSTM alone that training reaches"
STEPS = 30


def gpu(folder: Path) -> list[Row]:
    """All GPU rows."""
    if not torch.cuda.is_available():
        return [
            not_measured(EPOCH, "s", "< 1"),
            not_measured(TRAINING, "s", "< 60"),
            not_measured(PRECISION, "mg/dL", "< 0.1"),
            not_measured(SHARE, "", ">= 0.8"),
        ]
    full = prepared(FULL_SIZE, folder / "splits")
    began = time.perf_counter()
    half = _best(full, Precision.float16, folder / "float16")
    seconds = time.perf_counter() - began
    single = _best(full, Precision.float32, folder / "float32")
    return [
        below(EPOCH, half[1], "s", 1),
        below(TRAINING, seconds, "s", 60),
        below(PRECISION, half[0] - single[0], "mg/dL", 0.1),
        at_least(SHARE, _share_of_the_card(full), "", 0.8),
    ]


def _best(full: Prepared, precision: Precision, folder: Path) -> tuple[float, float]:
    """Validation MAE (mg/dL) and the median epoch's seconds."""
    settings = TrainingSettings(precision=precision)
    checkpoints = CheckpointFolder(folder / "checkpoints")
    fitted = fit(full.windows, full.scaler, MODEL, settings, checkpoints, folder / "logs", "")
    seconds = sorted(epoch.seconds for epoch in fitted.epochs)
    return fitted.best.val_mae, seconds[len(seconds) // 2]


def _share_of_the_card(full: Prepared) -> float:
    """Time of the bare recurrent layers, forward and backward, over the time of a whole training step."""
    settings = TrainingSettings()
    whole = sorted(islice(BareLoop(full, settings).steps(), STEPS))
    layers = torch.nn.LSTM(len(FEATURES), MODEL.hidden_size, MODEL.num_layers, batch_first=True, device="cuda")
    records = torch.randn(settings.chunk_batch_size, settings.chunk_length, len(FEATURES), device="cuda")
    alone = sorted(_layers_alone(layers, records) for _ in range(STEPS))
    return alone[STEPS // 2] / whole[len(whole) // 2]


def _layers_alone(layers: torch.nn.LSTM, records: torch.Tensor) -> float:
    torch.cuda.synchronize()
    began = time.perf_counter()
    with torch.autocast("cuda", dtype=torch.float16):
        hidden, _ = layers(records)
    hidden.float().sum().backward()
    torch.cuda.synchronize()
    return time.perf_counter() - began
