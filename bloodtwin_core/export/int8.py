"""model_int8.onnx: weights quantized to 8 bits, kept only where that costs next to no accuracy.

It has to prove itself on validation windows, never on test windows, because keeping it or not is a choice.
onnxruntime scales the records of a batch together, so a forecast depends a little on which others are in its batch.
"""

import logging
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnxruntime.quantization import quantize_dynamic

from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import ExportSettings
from bloodtwin_core.evaluation.metrics import error_sums, no_errors, step_at
from bloodtwin_core.export.facts import int8_facts
from bloodtwin_core.export.listing import relist
from bloodtwin_core.export.onnx_files import write_onnx
from bloodtwin_core.export.onnx_graph import window_graph
from bloodtwin_core.export.onnx_outputs import LEVELS_NODE
from bloodtwin_core.network.cell import CELLS, cells_in_int8
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.past import past_unknown
from bloodtwin_core.records import Rows, Split
from bloodtwin_core.serving.facts import Predict
from bloodtwin_core.serving.onnx_files import load_onnx
from bloodtwin_core.windows import WindowedSeries, evenly_spread, in_batches

COST_MINUTES = 30
"""Minutes ahead at which the cost is measured (MAE AT)."""
TRIAL_BATCH = 256
TIMED_RUNS = 101
"""Single windows of which the median time is taken, on one thread."""


@dataclass(frozen=True)
class Int8Trial:
    """Both files on the same validation windows: MAE AT30 in mg/dL, ms for one window on one thread, size in kB."""

    windows: int
    mae_at_30: float
    int8_mae_at_30: float
    milliseconds: float
    int8_milliseconds: float
    kilobytes: float
    int8_kilobytes: float

    @property
    def cost(self) -> float:
        """What quantization adds to MAE AT30, mg/dL."""
        return self.int8_mae_at_30 - self.mae_at_30


@dataclass(frozen=True)
class Int8Outcome:
    """Whether model_int8.onnx was written, and why; trial is None where none could be made."""

    written: bool
    reason: str
    trial: Int8Trial | None = None


def export_int8(
    checkpoint: Checkpoint, onnx_path: Path, path: Path, windows: WindowedSeries, settings: ExportSettings
) -> Int8Outcome:
    """Write model_int8.onnx beside model.onnx if it is asked for and costs less than settings.int8_max_cost.

    What stood there before belongs to another model.onnx and is removed in any case.
    """
    path.unlink(missing_ok=True)
    if not settings.int8:
        return Int8Outcome(False, "export.int8 is off")
    if not (cell := CELLS[checkpoint.model.cell]).int8:
        can = " and ".join(cells_in_int8())
        return Int8Outcome(False, f"onnxruntime quantizes {can} layers, not {cell.onnx_op} layers")
    if checkpoint.horizon < step_at(COST_MINUTES):
        return Int8Outcome(False, f"its cost is measured {COST_MINUTES} minutes ahead, and the horizon ends before")
    with TemporaryDirectory() as folder:
        candidate = Path(folder) / path.name
        _write_quantized(checkpoint, candidate, settings)
        trial = _trial(onnx_path, candidate, windows, settings)
        cost = f"it costs {trial.cost:.3f} mg/dL of MAE AT{COST_MINUTES}"
        if not trial.cost < settings.int8_max_cost:
            return Int8Outcome(False, f"{cost}, and less than {settings.int8_max_cost:g} is asked for", trial)
        with atomic_write(path) as temporary:
            shutil.copyfile(candidate, temporary)
    relist(path, int8_facts(checkpoint))
    return Int8Outcome(True, f"{cost}; less than {settings.int8_max_cost:g} is asked for", trial)


def _write_quantized(checkpoint: Checkpoint, path: Path, settings: ExportSettings) -> None:
    # One node a layer: the quantizer takes a constant that two nodes share apart only once.
    whole = window_graph(past_unknown(checkpoint), settings.opset, records_per_node=checkpoint.lookback)
    with _quiet_quantizer():
        quantize_dynamic(whole, path, nodes_to_exclude=[LEVELS_NODE])
    write_onnx(onnx.load(path), int8_facts(checkpoint), path)


def _trial(onnx_path: Path, int8_path: Path, windows: WindowedSeries, settings: ExportSettings) -> Int8Trial:
    rows = evenly_spread(windows.origins[Split.validate].rows, settings.int8_windows)
    plain, small = (load_onnx(file, threads=1)[0] for file in (onnx_path, int8_path))
    milliseconds, int8_milliseconds = _milliseconds([plain, small], windows, rows)
    return Int8Trial(
        windows=len(rows),
        mae_at_30=_mae_at_30(plain, windows, rows),
        int8_mae_at_30=_mae_at_30(small, windows, rows),
        milliseconds=milliseconds,
        int8_milliseconds=int8_milliseconds,
        kilobytes=onnx_path.stat().st_size / 1e3,
        int8_kilobytes=int8_path.stat().st_size / 1e3,
    )


def _mae_at_30(predict: Predict, windows: WindowedSeries, rows: Rows) -> float:
    errors = no_errors(windows.horizon)
    for batch in in_batches(len(rows), TRIAL_BATCH):
        target, measured = windows.targets(rows[batch])
        errors += error_sums(predict(windows.lookbacks(rows[batch])), target, measured)
    mae = errors.mae(step_at(COST_MINUTES), step_at(COST_MINUTES))
    return float("nan") if mae is None else mae


def _milliseconds(forecasters: list[Predict], windows: WindowedSeries, rows: Rows) -> list[float]:
    """Median time for one window, in turns, so that whatever else the machine does meets all alike."""
    times: list[list[float]] = [[] for _ in forecasters]
    for run in range(TIMED_RUNS):
        window = windows.lookbacks(rows[run % len(rows)][None])
        for predict, taken in zip(forecasters, times, strict=True):
            begin = time.perf_counter()
            predict(window)
            taken.append(1e3 * (time.perf_counter() - begin))
    return [statistics.median(taken) for taken in times]


@contextmanager
def _quiet_quantizer() -> Iterator[None]:
    # It recommends through the root logger to infer shapes first, which it does itself for a graph of this kind.
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
