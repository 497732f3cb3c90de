"""How fast records become windows, against a Python loop over forecast origins."""

import time
from pathlib import Path

from benchmarks.common.data import FULL_SIZE, load, split_files
from benchmarks.common.rows import Row, at_least, below, noted
from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.preparing import prepare_loaded, scaler_of, windows_of
from bloodtwin_core.records import Feature, Split
from bloodtwin_core.records.checks.continuity import findings
from bloodtwin_core.records.checks.findings import Severity
from bloodtwin_core.records.split_files import PumpSplitFiles
from bloodtwin_core.windows import WindowedSeries

LOOPED_ORIGINS = 5_000
"""As many as the Python loop can do in a moment; its cost per origin is constant."""

FRESH_RECORDS = 3
"""A reading at most 15 minutes old."""


def loading(folder: Path) -> list[Row]:
    """Reading, validating, segments and windows at full size, and the same windows by a loop."""
    files = split_files(FULL_SIZE, folder)
    seconds, windows = min((_load_once(files, folder) for _ in range(3)), key=lambda run: run[0])
    cutting = min(_seconds_to_cut(files, folder) for _ in range(3))
    origins = sum(len(found) for found in windows.origins.values())
    looped = _loop_over_origins(windows, LOOPED_ORIGINS) / LOOPED_ORIGINS * origins
    return [
        below(f"reading and validating {sum(FULL_SIZE):,} CSV rows, windows included", seconds, "s", 3),
        noted("of it, segments and windows", cutting, "s"),
        at_least(f"{origins:,} windows by a Python loop / by arrays", looped / cutting, "times", 50),
    ]


def _load_once(files: list[PumpSplitFiles], folder: Path) -> tuple[float, WindowedSeries]:
    began = time.perf_counter()
    loaded = load(files, folder)
    found = findings([part.file for part in loaded], DataSettings())
    windows = prepare_loaded(loaded, DataSettings()).windows
    seconds = time.perf_counter() - began
    # A break is told and does not block: a virtual wearer, too, may leave the sensor off for over 15 hours.
    blocking = [finding for finding in found if finding.severity is Severity.error]
    if blocking:
        raise AssertionError(f"simulated records should not block, but: {blocking[0].message}")
    return seconds, windows


def _seconds_to_cut(files: list[PumpSplitFiles], folder: Path) -> float:
    loaded = load(files, folder)
    scaler = scaler_of(loaded)
    began = time.perf_counter()
    windows_of(loaded, scaler, DataSettings())
    return time.perf_counter() - began


def _loop_over_origins(windows: WindowedSeries, count: int) -> float:
    """Seconds to decide row by row whether a forecast can start there, and to cut its window, as a script would."""
    missing = windows.series[:, Feature.bg_missing_flag.column]
    kept = []
    began = time.perf_counter()
    for row in windows.origins[Split.train].rows[:count].tolist():
        first, stop = row - windows.lookback + 1, row + 1 + windows.horizon
        fresh = not missing[row - FRESH_RECORDS : row + 1].all()
        enough = missing[first : row + 1].mean() <= 1 - DataSettings().min_measured_share
        if fresh and enough and not missing[row + 1 : stop].all():
            complete = not missing[first:stop].any()
            kept.append((windows.series[first : row + 1].copy(), windows.series[row + 1 : stop, 0].copy(), complete))
    return time.perf_counter() - began
