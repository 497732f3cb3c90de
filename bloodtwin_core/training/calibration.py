"""Conformal calibration: offsets after which each quantile holds its level on validation windows.

For every glucose range of the last reading, step and level, the offset is the conformal quantile of how far readings
lay above the quantile that the network gave: one-sided conformalized quantile regression (Romano, Patterson and Candès,
NeurIPS 2019), by groups (Mondrian; Vovk, Lindsay and McDiarmid, ACML 2012). Where the network was trained without
quantiles, its point forecast stands for all of them and the offsets make the whole band.

Two cautions. The epoch that was kept was chosen on these same validation windows, so their errors are a little smaller
than those to come; halving the split would mend that and leave ranges as rare as glucose under 54 mg/dL with too few
windows. And windows overlap and people change, which conformal prediction's guarantee does not allow for: whether the
bands hold is measured on test windows.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from bloodtwin_core.network.checkpoint import NETWORK_PREFIX, load_checkpoint, write_content
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.levels import MEDIAN, QUANTILE_LEVELS
from bloodtwin_core.network.past import past_unknown
from bloodtwin_core.network.scan import scan_forecasts
from bloodtwin_core.records import GLUCOSE_RANGES, Feature, Mask, Split, glucose_range_of
from bloodtwin_core.windows import WindowedSeries, evenly_spread
from bloodtwin_core.windows.past import as_read_by

logger = logging.getLogger(__name__)

ENOUGH_WINDOWS = 2000
"""With fewer windows in a range, its offsets shrink towards those of all ranges together, in proportion.

Calibrated on one half of AZT1D's validation days and held against the other, four ways to halve them, 2000 had the
least pinball loss among 1, 500, 2000, 6000, 20,000 and no end.
"""
MOST_WINDOWS = 200_000
"""More tell nothing new and take memory: 200,000 windows of 24 steps are 270 MB."""
OFFSETS = NETWORK_PREFIX + "offsets"
"""Name of the offsets among a checkpoint's weights."""

Float = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Calibration:
    """offsets: mg/dL to add to each quantile, float32 [range, step, level]; windows: those in each range, [range]."""

    offsets: Float
    windows: npt.NDArray[np.int64]


def calibrate_checkpoint(
    path: Path,
    windows: WindowedSeries,
    device: torch.device | str = "cpu",
    widths: Sequence[float] = (),
    *,
    past_known: bool = True,
) -> Calibration:
    """Calibrate the checkpoint at path on its windows' validation split, and write the offsets into it.

    widths as in calibrate. Unless past_known, bands are those of somebody of whose past nothing is known.
    The file is replaced whole or not at all. Raises ArtifactMissing if it is not there or damaged, StorageError if it
    cannot be written.
    """
    checkpoint = load_checkpoint(path)
    forecaster = (checkpoint if past_known else past_unknown(checkpoint)).forecaster
    calibration = calibrate(forecaster, as_read_by(windows, forecaster.features), device, widths)
    content = torch.load(path, map_location="cpu", weights_only=True)
    content["state_dict"][OFFSETS] = torch.from_numpy(calibration.offsets)
    write_content(path, content)
    by_range = ", ".join(
        f"{each.name}: {count:,}" for each, count in zip(GLUCOSE_RANGES, calibration.windows, strict=True)
    )
    logger.info("Calibrated the quantiles on validation windows by last reading (mg/dL): %s", by_range)
    return calibration


def calibrate(
    forecaster: GlucoseForecaster,
    windows: WindowedSeries,
    device: torch.device | str = "cpu",
    widths: Sequence[float] = (),
) -> Calibration:
    """Find the offsets of a trained network on the validation split, by dense scan, and set them.

    With widths, [step], quantiles lie so many times as far from the median, on average: for people other than those of
    the validation split, whom bands found there do not fit at every step.
    """
    rows = evenly_spread(windows.origins[Split.validate].rows, MOST_WINDOWS)
    forecaster.offsets.zero_()
    quantiles = scan_forecasts(forecaster, windows, rows, device).quantiles.numpy()
    target, measured = windows.targets(rows)
    ranges = glucose_range_of(windows.series[rows, Feature.bg.column])
    offsets = conformal_offsets(target[..., None] - quantiles, measured, ranges)
    if widths:
        distances = mean_distances(quantiles, ranges) + offsets - offsets[..., MEDIAN, None]
        offsets += (np.array(widths, dtype=np.float32)[:, None] - 1.0) * distances
    forecaster.offsets.copy_(torch.from_numpy(offsets))
    return Calibration(offsets, np.bincount(ranges, minlength=len(GLUCOSE_RANGES)))


def conformal_offsets(above: Float, measured: Mask, ranges: npt.NDArray[np.int64]) -> Float:
    """Offsets, mg/dL [range, step, level], from how far readings lay above each quantile.

    above: mg/dL [window, step, level]; measured: [window, step]; ranges: place in GLUCOSE_RANGES, [window]. A step of
    which nothing was measured keeps its quantiles.
    """
    steps = above.shape[1]
    offsets = np.zeros((len(GLUCOSE_RANGES), steps, len(QUANTILE_LEVELS)), dtype=np.float32)
    for step in range(steps):
        known = measured[:, step]
        together, _ = _offset_of_levels(above[known, step])
        for place in range(len(GLUCOSE_RANGES)):
            own, count = _offset_of_levels(above[known & (ranges == place), step])
            trust = min(1.0, count / ENOUGH_WINDOWS)
            offsets[place, step] = trust * own + (1.0 - trust) * together
    return offsets


def mean_distances(quantiles: Float, ranges: npt.NDArray[np.int64]) -> Float:
    """How far each quantile lies above the median on average, mg/dL [range, step, level].

    quantiles: mg/dL [window, step, level]; ranges: place in GLUCOSE_RANGES, [window]. A range without windows has the
    distances of all.
    """
    distances = np.empty((len(GLUCOSE_RANGES), *quantiles.shape[1:]), dtype=np.float32)
    for place in range(len(GLUCOSE_RANGES)):
        own = ranges == place
        mean = (quantiles[own] if own.any() else quantiles).mean(axis=0)
        distances[place] = mean - mean[:, MEDIAN, None]
    return distances


def _offset_of_levels(above: Float) -> tuple[Float, int]:
    """The conformal quantile at each level, [level], of what lies in [window, level], and the number of windows.

    It is the ceil((n + 1) level)-th smallest above the median and, mirrored, the floor((n + 1) level)-th below it.
    """
    count = len(above)
    if not count:
        return np.zeros(len(QUANTILE_LEVELS), dtype=np.float32), 0
    ordered = np.sort(above, axis=0)
    ranks = [
        np.floor((count + 1) * level) if place < MEDIAN else np.ceil((count + 1) * level)
        for place, level in enumerate(QUANTILE_LEVELS)
    ]
    places = np.clip(np.array(ranks, dtype=np.int64), 1, count) - 1
    return ordered[places, np.arange(len(QUANTILE_LEVELS))], count
