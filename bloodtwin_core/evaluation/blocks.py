"""Errors summed over blocks, one for each pump's day: what pumps, groups and the bootstrap are all read from.

Adding the sums of blocks pools them exactly. Sums are made batch by batch, so no more is held in memory than the
sums: per pump-day, step and group of a grouping 160 bytes.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.groups import Grouping, Places
from bloodtwin_core.evaluation.metrics import ErrorSums
from bloodtwin_core.records import Mask, Timestamps
from bloodtwin_core.windows import in_batches

BATCH_WINDOWS = 8192
"""Windows whose errors are in memory together."""


class Source(IntEnum):
    """Whose forecasts: the place in the first axis of BlockErrors."""

    model = 0
    persistence = 1
    ridge = 2


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

    windows: [block]. targets: [block, step]. absolute, squared, signed: [source, block, step], of |error|, error² and
    error, forecast minus reading, in mg/dL.
    """

    pump: npt.NDArray[np.str_]
    windows: Places
    targets: Places
    absolute: npt.NDArray[np.float64]
    squared: npt.NDArray[np.float64]
    signed: npt.NDArray[np.float64]

    @property
    def horizon(self) -> int:
        """Steps forecast."""
        return int(self.targets.shape[1])

    def total(self, source: Source) -> ErrorSums:
        """All blocks together."""
        return ErrorSums(
            int(self.windows.sum()),
            self.targets.sum(axis=0),
            self.absolute[source].sum(axis=0),
            self.squared[source].sum(axis=0),
            self.signed[source].sum(axis=0),
        )

    def of_pump(self, pump_id: str) -> "BlockErrors":
        """The blocks of one pump."""
        which = self.pump == pump_id
        return BlockErrors(
            self.pump[which],
            self.windows[which],
            self.targets[which],
            *(sums[:, which] for sums in (self.absolute, self.squared, self.signed)),
        )


def block_errors(forecasts: TestForecasts, blocks: Blocks, groups: Grouping, among: Mask) -> dict[str, BlockErrors]:
    """The errors of each group by its label, on the windows that among [window] chooses."""
    sums = _Sums.nothing(len(groups.labels), len(blocks), forecasts.horizon)
    for batch in in_batches(len(forecasts), BATCH_WINDOWS):
        sums.add(forecasts.take(batch), blocks.of[batch], groups.of[batch], among[batch])
    return {
        label: BlockErrors(blocks.pump, sums.windows[group], sums.targets[group], *sums.errors[:, :, group])
        for group, label in enumerate(groups.labels)
    }


@dataclass(frozen=True)
class _Sums:
    """windows: [group, block], targets: [group, block, step], errors: [kind, source, group, block, step]."""

    windows: Places
    targets: Places
    errors: npt.NDArray[np.float64]

    @classmethod
    def nothing(cls, groups: int, blocks: int, horizon: int) -> "_Sums":
        shape = (groups, blocks, horizon)
        return cls(
            np.zeros(shape[:2], dtype=np.int64), np.zeros(shape, dtype=np.int64), np.zeros((3, len(Source), *shape))
        )

    def add(self, batch: TestForecasts, block: Places, group: Places, among: Mask) -> None:
        group = np.broadcast_to(group.reshape(len(batch), -1), batch.target.shape)
        counts = batch.measured & (group >= 0) & among[:, None]
        of_block = np.broadcast_to(block[:, None], counts.shape)[counts]
        of_step = np.broadcast_to(np.arange(batch.horizon), counts.shape)[counts]
        place = np.ravel_multi_index((group[counts], of_block, of_step), self.targets.shape)
        self.targets[...] += np.bincount(place, minlength=self.targets.size).reshape(self.targets.shape)
        for source in Source:
            error = getattr(batch, source.name)[counts].astype(np.float64) - batch.target[counts]
            for kind, values in enumerate((np.abs(error), np.square(error), error)):
                summed = np.bincount(place, values, minlength=self.targets.size)
                self.errors[kind, source] += summed.reshape(self.targets.shape)
        for each in range(len(self.windows)):
            within = (counts & (group == each)).any(axis=1)
            self.windows[each] += np.bincount(block[within], minlength=self.windows.shape[1])
