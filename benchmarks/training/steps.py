"""`python -m benchmarks.training.steps FOLDER RECORDS STEPS MEMORY_MIB`: training steps on a series of so many records.

The series is a simulated one laid end to end as often as needed, in a memory-mapped file under FOLDER.
"""

import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.common.child import report
from benchmarks.common.data import FULL_SIZE, prepared
from benchmarks.common.memory import peak_memory
from benchmarks.training.speed import BareLoop
from bloodtwin_core.config import TrainingSettings
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.pipeline.preparing import Prepared
from bloodtwin_core.records import Split
from bloodtwin_core.training.compute import denormals_as_zero
from bloodtwin_core.windows import Origins, Segment, WindowedSeries
from bloodtwin_core.windows.scaler import read_scaler
from bloodtwin_core.windows.storage import read_windows, write_windows

NO_ORIGINS = Origins(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_))


def main(folder: Path, records: int, steps: int, memory_mib: int) -> None:
    """Measure and report; steps 0 means a whole epoch."""
    large = enlarged(base(folder), records, folder)
    settings = TrainingSettings(series_memory_mib=memory_mib)
    with peak_memory() as peak:
        loop = BareLoop(large, settings)
        with denormals_as_zero(), torch_threads(loop.compute.threads):
            began = time.perf_counter()
            taken = sum(1 for _ in islice(loop.steps(), steps or None))
            seconds = time.perf_counter() - began
    report(
        records=len(large.windows.series),
        series_mib=large.windows.series.nbytes / 2**20,
        seconds=seconds,
        steps=taken,
        forecasts=loop.module.forecasts_this_epoch,
        anonymous_mib=peak.anonymous,
    )


def base(folder: Path) -> Prepared:
    """The simulated series that larger ones repeat, made once."""
    if not (folder / "base").exists():
        made = prepared(FULL_SIZE, folder / "splits")
        write_windows(folder / "base", made.windows, "benchmark")
        made.scaler.write(folder / "scaler.json", folder / "scaler.pkl")
    return Prepared(read_windows(folder / "base")[0], read_scaler(folder / "scaler.json"))


def enlarged(small: Prepared, records: int, folder: Path) -> Prepared:
    """The training segments end to end, again and again, until so many records are there; written piece by piece."""
    windows = small.windows
    last = max(segment.stop for segment in windows.segments_of(Split.train))
    piece = min(records, last)
    repeats = max(1, round(records / piece))
    path = folder / f"series_{records}.npy"
    series = np.lib.format.open_memmap(path, "w+", np.float32, (piece * repeats, windows.series.shape[1]))
    segments, rows, complete = [], [], []
    origins = windows.origins[Split.train]
    inside = origins.rows + windows.horizon < piece
    for offset in range(0, piece * repeats, piece):
        series[offset : offset + piece] = windows.series[:piece]
        rows.append(origins.rows[inside] + offset)
        complete.append(origins.complete[inside])
        segments += [
            Segment(s.pump_id, s.split, s.start + offset, min(s.stop, piece) + offset)
            for s in windows.segments_of(Split.train)
            if s.start < piece
        ]
    series.flush()
    del series
    large = WindowedSeries(
        series=np.load(path, mmap_mode="r"),
        timestamps=windows.timestamps,
        segments=tuple(segments),
        origins={
            Split.train: Origins(np.concatenate(rows), np.concatenate(complete)),
            Split.validate: NO_ORIGINS,
            Split.test: NO_ORIGINS,
        },
        lookback=windows.lookback,
        horizon=windows.horizon,
    )
    return replace(small, windows=large)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
