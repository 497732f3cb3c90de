"""Errors summed over blocks, one for each pump's day: what pumps, groups and the bootstrap are all read from.

Adding the sums of blocks pools them exactly. Sums are made batch by batch, so no more is held in memory than the
sums: per pump-day, step and group of a grouping 8 bytes for each metric of each forecaster.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation import metrics
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.groups import Grouping, Places
from bloodtwin_core.evaluation.metrics import ErrorSums, Metric
from bloodtwin_core.records import Mask, Timestamps
from bloodtwin_core.windows import in_batches

BATCH_WINDOWS = 8192
"""Windows whose errors are in memory together."""


@dataclass(frozen=True)
class Blocks:
    """The blocks, in order of time within a pump: pump [block], and the block of each window, of [window]."""

    pump: npt.NDArray[np.str_]
    of: Places

    def __len__(self) -> int:
        return len(self.pump)


class ForecastOrigins(Protocol):
    """Where windows begin to be forecast, in order of time within a pump; both [window]."""

    @property
    def pump(self) -> npt.NDArray[np.str_]:
        """The pump of each."""

    @property
    def timestamp(self) -> Timestamps:
        """The origin's moment, on the records' clock."""


def blocks_of(forecasts: ForecastOrigins) -> Blocks:
    """A block for each pump and day of forecast origins, on the records' clock."""
    if not len(forecasts.pump):
        return Blocks(np.array([], dtype=np.str_), np.array([], dtype=np.int64))
    pump, day = np.array(forecasts.pump), forecasts.timestamp.astype("datetime64[D]")
    begins = np.concatenate([[True], (pump[1:] != pump[:-1]) | (day[1:] != day[:-1])])
    return Blocks(pump[begins], np.cumsum(begins) - 1)


def sums_of_blocks(values: npt.NDArray[np.generic], blocks: Blocks) -> npt.NDArray[np.float64]:
    """Sums of values [window, step] over each block, [block, step]."""
    begins = np.searchsorted(blocks.of, np.arange(len(blocks)))
    sums: npt.NDArray[np.float64] = np.add.reduceat(values.astype(np.float64), begins, axis=0)
    return sums


@dataclass(frozen=True)
class BlockErrors:
    """Sums over the measured targets of each block; pump: [block].

    windows: [block]. targets: [block, step]. sums: [metric, forecaster, block, step], of what each target gives to a
    metric; metrics and forecasters name the places in its first two axes.
    """

    pump: npt.NDArray[np.str_]
    windows: Places
    targets: Places
    metrics: tuple[str, ...]
    forecasters: tuple[str, ...]
    sums: npt.NDArray[np.float64]

    @property
    def horizon(self) -> int:
        """Steps forecast."""
        return int(self.targets.shape[1])

    def total(self, forecaster: str) -> ErrorSums:
        """All blocks together, of one forecaster."""
        totals = self.sums[:, self.forecasters.index(forecaster)].sum(axis=1)
        return ErrorSums(
            int(self.windows.sum()), self.targets.sum(axis=0), dict(zip(self.metrics, totals, strict=True))
        )

    def of_pump(self, pump_id: str) -> "BlockErrors":
        """The blocks of one pump."""
        which = self.pump == pump_id
        return replace(
            self,
            pump=self.pump[which],
            windows=self.windows[which],
            targets=self.targets[which],
            sums=self.sums[:, :, which],
        )


def block_errors(forecasts: TestForecasts, blocks: Blocks, groups: Grouping, among: Mask) -> dict[str, BlockErrors]:
    """The errors of each group by its label, on the windows that among [window] chooses."""
    sums = _Sums.nothing(forecasts, len(groups.labels), len(blocks))
    for batch in in_batches(len(forecasts), BATCH_WINDOWS):
        sums.add(forecasts.take(batch), blocks.of[batch], groups.of[batch], among[batch])
    names = tuple(metric.name for metric in sums.metrics), tuple(forecasts.forecasters)
    return {
        label: BlockErrors(blocks.pump, sums.windows[group], sums.targets[group], *names, sums.errors[:, :, group])
        for group, label in enumerate(groups.labels)
    }


@dataclass(frozen=True)
class _Sums:
    """windows: [group, block], targets: [group, block, step], errors: [metric, forecaster, group, block, step]."""

    metrics: tuple[Metric, ...]
    windows: Places
    targets: Places
    errors: npt.NDArray[np.float64]

    @classmethod
    def nothing(cls, forecasts: TestForecasts, groups: int, blocks: int) -> "_Sums":
        shape = (groups, blocks, forecasts.horizon)
        each = (len(metrics.METRICS), len(forecasts.forecasters))
        return cls(
            metrics.METRICS,
            np.zeros(shape[:2], dtype=np.int64),
            np.zeros(shape, dtype=np.int64),
            np.zeros((*each, *shape)),
        )

    def add(self, batch: TestForecasts, block: Places, group: Places, among: Mask) -> None:
        group = np.broadcast_to(group.reshape(len(batch), -1), batch.target.shape)
        counts = batch.measured & (group >= 0) & among[:, None]
        of_block = np.broadcast_to(block[:, None], counts.shape)[counts]
        of_step = np.broadcast_to(np.arange(batch.horizon), counts.shape)[counts]
        place = np.ravel_multi_index((group[counts], of_block, of_step), self.targets.shape)
        self.targets[...] += np.bincount(place, minlength=self.targets.size).reshape(self.targets.shape)
        target = batch.target[counts].astype(np.float64)
        for number, forecast in enumerate(batch.forecasters.values()):
            error = forecast[counts].astype(np.float64) - target
            for kind, metric in enumerate(self.metrics):
                summed = np.bincount(place, metric.each_target(error, target), minlength=self.targets.size)
                self.errors[kind, number] += summed.reshape(self.targets.shape)
        for each in range(len(self.windows)):
            within = (counts & (group == each)).any(axis=1)
            self.windows[each] += np.bincount(block[within], minlength=self.windows.shape[1])
