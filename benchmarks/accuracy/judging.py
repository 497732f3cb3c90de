"""How a training is judged: errors on validation windows, and how sure a difference between two variants is."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import EvaluationSettings, TrainingSettings
from bloodtwin_core.evaluation.blocks import blocks_of, sums_of_blocks
from bloodtwin_core.evaluation.bootstrap import Resamples, interval_of, spare_days_of
from bloodtwin_core.evaluation.difference import common_windows
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.network.quantiles import pinball
from bloodtwin_core.records import Timestamps
from bloodtwin_core.training.batches import ValidationBatches, validation_chunk_length
from bloodtwin_core.training.module import ForecasterTraining
from bloodtwin_core.windows import WindowedSeries

BAND = (QUANTILE_LEVELS.index(0.10), QUANTILE_LEVELS.index(0.90))
"""The 80 % band."""

ErrorArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class WindowErrors:
    """Errors of all available validation windows in order of time; pump and timestamp are [window].

    absolute: |error|, mg/dL; pinball: as trained on, twice the mean pinball loss of the levels, mg/dL; inside: 1 where
    the reading lay in the uncalibrated 80 % band, 0 where not; each [window, step], NaN where nothing was measured or
    there are no quantiles.
    """

    pump: npt.NDArray[np.str_]
    timestamp: Timestamps
    absolute: ErrorArray
    pinball: ErrorArray
    inside: ErrorArray

    def write(self, path: Path) -> None:
        """Keep them as .npz."""
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def read(cls, path: Path) -> Self:
        """What write kept."""
        with np.load(path) as file:
            return cls(**file)


def validation_errors(module: ForecasterTraining, windows: WindowedSeries, training: TrainingSettings) -> WindowErrors:
    """Scan the validation split with a trained module, in 32 bit."""
    length = validation_chunk_length(windows.lookback, training)
    scale, absolute, loss, inside, rows = module.forecaster.glucose_scale, [], [], [], []
    module.eval()
    with torch.inference_mode():
        for batch in ValidationBatches(windows, training):
            found = module.dense(batch, length)
            unknown = ~found.measured
            error = (found.last + module.forecaster.point_of(found.change) * scale - found.target).abs()
            quantiles = (found.last.unsqueeze(1) + found.change.mean(dim=0) * scale).expand(
                -1, len(QUANTILE_LEVELS), -1
            )
            within = (found.target >= quantiles[:, BAND[0]]) & (found.target <= quantiles[:, BAND[1]])
            has_quantiles = found.change.shape[2] > 1
            losses = pinball(quantiles, found.target).mean(dim=1)
            rows.append(found.rows)
            absolute.append(error.masked_fill(unknown, torch.nan))
            loss.append(losses.masked_fill(unknown | (not has_quantiles), torch.nan))
            inside.append(within.float().masked_fill(unknown | (not has_quantiles), torch.nan))
    origins = torch.cat(rows).numpy()
    return WindowErrors(
        windows.pump_of(origins),
        windows.timestamps[origins],
        *(torch.cat(parts).numpy() for parts in (absolute, loss, inside)),
    )


def mean_of(seeds: Sequence[WindowErrors]) -> WindowErrors:
    """The mean error of each window over trainings that differ in their seed alone."""
    first = seeds[0]
    if not all(
        np.array_equal(each.pump, first.pump) and np.array_equal(each.timestamp, first.timestamp) for each in seeds
    ):
        raise ValueError("trainings with different seeds were judged on different windows. Judge all on the same data")
    means = (np.mean([getattr(each, name) for each in seeds], axis=0) for name in ("absolute", "pinball", "inside"))
    return WindowErrors(first.pump, first.timestamp, *means)


def difference(a: WindowErrors, b: WindowErrors, steps: slice = slice(None)) -> Interval | None:
    """MAE of a less that of b (mg/dL) over some steps of the windows that both forecast, with its 95 % interval."""
    in_a, in_b = common_windows(a, b)
    a, b = _take(a, in_a), _take(b, in_b)
    horizon = min(a.absolute.shape[1], b.absolute.shape[1])
    less = (a.absolute[:, :horizon] - b.absolute[:, :horizon])[:, steps]
    blocks = blocks_of(a)
    counts = sums_of_blocks(np.isfinite(less), blocks).sum(axis=1)
    sums = sums_of_blocks(np.nan_to_num(less), blocks).sum(axis=1)
    resamples = Resamples.draw(blocks.pump, EvaluationSettings())
    return interval_of(resamples.mean(sums, counts), spare_days_of(blocks.pump, counts[:, None]))


def _take(errors: WindowErrors, which: npt.NDArray[np.int64]) -> WindowErrors:
    return WindowErrors(**{field.name: getattr(errors, field.name)[which] for field in fields(errors)})
