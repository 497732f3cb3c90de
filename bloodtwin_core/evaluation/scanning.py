"""Testing by dense scan: the forecasts of every window from one pass over each segment.

A forecast then rests on at least the lookback instead of exactly on it. A trained network has long forgotten what lies
further back, so both agree closely; agreement() measures how closely, on the run's own network and windows.
"""

import numpy as np
import torch

from bloodtwin_core.chunks import Chunks, batches, lay_chunks
from bloodtwin_core.evaluation.inference import inference
from bloodtwin_core.evaluation.metrics import Glucose
from bloodtwin_core.model import GlucoseForecaster
from bloodtwin_core.records import GLUCOSE_LIMITS, Feature
from bloodtwin_core.windows import Mask, Rows, WindowedSeries, evenly_spread

TILE = 1024
"""Forecasts of one chunk; the lookback before it is scanned in addition, so longer tiles waste less."""
CHUNKS_AT_ONCE = 16
"""Keeps the memory of one pass near 100 MB at 128 units."""
SAMPLE = 512
"""Windows on which agreement is measured."""


def scan_windows(
    forecaster: GlucoseForecaster, windows: WindowedSeries, rows: Rows, device: torch.device | str = "cpu"
) -> Glucose:
    """Forecasts in mg/dL, float32 [window, horizon], from forecast origins in ascending order."""
    last = windows.series[rows, Feature.bg.column][:, None]
    forecast: Glucose = last + scan_changes(forecaster, windows, rows, device)
    return forecast.clip(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)


def scan_changes(
    forecaster: GlucoseForecaster, windows: WindowedSeries, rows: Rows, device: torch.device | str = "cpu"
) -> Glucose:
    """Forecast changes from the last reading in mg/dL, float32 [window, horizon]; rows ascend."""
    changes = np.empty((len(rows), windows.horizon), dtype=np.float32)
    wanted = np.zeros(len(windows.series), dtype=np.bool_)
    wanted[rows] = True
    burn_in = windows.lookback - 1
    chunks = lay_chunks(windows.segments, rows, burn_in + TILE, burn_in, shuffle=None)
    with inference(forecaster, device):
        for batch in batches(chunks, CHUNKS_AT_ONCE):
            origins, found = _scan(forecaster, windows, batch, wanted, device)
            changes[np.searchsorted(rows, origins)] = found
    return changes


def agreement(forecaster: GlucoseForecaster, windows: WindowedSeries, rows: Rows, sample: int = SAMPLE) -> float:
    """Largest difference (mg/dL) between the scan and single windows, on a sample spread evenly over the rows.

    Changes are compared rather than levels, whose own rounding in float32 (3e-5 above 256 mg/dL) would hide it.
    """
    chosen = evenly_spread(rows, sample)
    scanned = scan_changes(forecaster, windows, chosen)
    with inference(forecaster, "cpu"):
        alone = forecaster.change(torch.from_numpy(windows.lookbacks(chosen))) * forecaster.glucose_scale
    return float(np.abs(scanned - alone.numpy()).max())


def _scan(
    forecaster: GlucoseForecaster, windows: WindowedSeries, chunks: Chunks, wanted: Mask, device: torch.device | str
) -> tuple[Rows, Glucose]:
    length = int((chunks.tile_stop - chunks.start).max())
    rows = chunks.start[:, None] + np.arange(length)
    in_segment = np.minimum(rows, chunks.last[:, None])
    at = (rows >= chunks.tile_start[:, None]) & (rows < chunks.tile_stop[:, None]) & wanted[in_segment]
    records = torch.from_numpy(windows.series[in_segment]).to(device)
    changes = forecaster.change_at_steps(records, torch.from_numpy(at).to(device)) * forecaster.glucose_scale
    return rows[at], changes.cpu().numpy()
