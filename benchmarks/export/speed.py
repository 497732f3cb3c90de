"""How fast the exports answer, on one thread."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.common.rows import Row, at_least, below
from bloodtwin_core.config import ExportSettings
from bloodtwin_core.export import export_onnx, export_streaming
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.pipeline.preparing import Prepared
from bloodtwin_core.records import Split
from bloodtwin_core.serving.onnx_files import load_onnx, load_streaming

MILLISECONDS = 1000.0


def exports(checkpoint: Checkpoint, prepared: Prepared, folder: Path) -> list[Row]:
    """One window, a batch of windows, and one reading with carried state."""
    export_onnx(checkpoint, folder / "model.onnx", ExportSettings())
    export_streaming(checkpoint, folder / "model_streaming.onnx", ExportSettings())
    predict, _ = load_onnx(folder / "model.onnx", threads=1)
    streaming, _ = load_streaming(folder / "model_streaming.onnx", threads=1)
    windows = prepared.windows.lookbacks(np.array(prepared.windows.origins[Split.test].rows[:256]))
    one, reading, states = windows[:1], windows[0, -1:], streaming.zero_states()
    batch = _median_seconds(lambda: predict(windows), 7)
    return [
        below("model.onnx, one window, median", _median_seconds(lambda: predict(one), 200) * MILLISECONDS, "ms", 2),
        below(
            "model_streaming.onnx, one reading, median",
            _median_seconds(lambda: streaming.step(reading, states), 1000) * MILLISECONDS,
            "ms",
            0.2,
        ),
        at_least("model.onnx, batches of 256", len(windows) / batch, "windows/s", 1000),
    ]


def _median_seconds(call: Callable[[], object], times: int) -> float:
    call()
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return median(seconds)
