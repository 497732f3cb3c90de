"""How fast a forecaster is tested: window by window from a zero state, and by dense scan."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.common.rows import Row, below, noted
from bloodtwin_core.evaluation.testing import forecast_windows
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.scan import agreement, scan_windows
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.pipeline.preparing import Prepared
from bloodtwin_core.records import Split

TESTED = 87_000
"""Windows that the full size has to test."""


def testing(
    forecaster: GlucoseForecaster, without_attention: GlucoseForecaster, prepared: Prepared, threads: int, timed: int
) -> list[Row]:
    """Both ways; single windows are timed on a sample and their time is scaled up to TESTED."""
    rows = np.array(prepared.windows.origins[Split.test].rows)
    sample = rows[:timed]
    with torch_threads(threads):
        alone = _seconds(lambda: forecast_windows(forecaster, prepared.windows, sample, 256, "cpu"))
        scanned = _seconds(lambda: scan_windows(forecaster, prepared.windows, rows))
        difference = agreement(forecaster, prepared.windows, rows)
        plain = agreement(without_attention, prepared.windows, rows)
    return [
        below(f"testing {TESTED:,} windows one by one ({len(sample):,} timed)", alone / len(sample) * TESTED, "s", 60),
        below(f"testing {TESTED:,} windows by dense scan ({len(rows):,} timed)", scanned / len(rows) * TESTED, "s", 3),
        below("largest difference between the two, trained network", difference, "mg/dL", 2e-5),
        below("the same without attention", plain, "mg/dL", 2e-5),
        noted("threads of both", threads, ""),
    ]


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
