"""What the training loop draws: chunks of rows for the dense scan, or forecast origins for single windows.

Batches hold row numbers only; the series itself stays on the device and is gathered by index there.
"""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from bloodtwin_core.config import TrainingSettings
from bloodtwin_core.records import Split
from bloodtwin_core.training.processes.sharing import part_of
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.chunks import Chunks, batches, make_chunks

_TILE_START, _TILE_STOP = 1, 2
"""Columns of a chunk."""


class CurrentEpoch(Protocol):
    """Something that knows the epoch under way."""

    @property
    def current_epoch(self) -> int:
        """Epochs finished so far."""


class DenseBatches(IterableDataset[Tensor]):
    """Batches of chunks, int64 [chunk, 4]: start, tile start, tile stop and last row of the segment.

    The tiling depends on seed and epoch alone, so a resumed training sees what an unbroken one would.
    """

    def __init__(self, windows: WindowedSeries, settings: TrainingSettings, epoch: CurrentEpoch) -> None:
        self.windows, self.settings, self.epoch = windows, settings, epoch

    def __iter__(self) -> Iterator[Tensor]:
        generator = np.random.default_rng([self.settings.seed, self.epoch.current_epoch])
        chunks = make_chunks(
            self.windows.segments_of(Split.train),
            self.windows.origins[Split.train].rows,
            self.settings.chunk_length,
            self.settings.burn_in,
            generator,
        )
        for batch in batches(chunks, self.settings.chunk_batch_size):
            yield _part_of_chunks(_as_tensor(batch))


def _part_of_chunks(chunks: Tensor) -> Tensor:
    """This process's part of a batch of chunks; where it is none, a chunk of which nothing is forecast.

    Every process takes every step, or the others would wait for it for ever.
    """
    part = part_of(chunks)
    if len(part):
        return part
    nothing = chunks[:1].clone()
    nothing[:, _TILE_STOP] = nothing[:, _TILE_START]
    return nothing


def _as_tensor(chunks: Chunks) -> Tensor:
    return torch.from_numpy(np.stack([chunks.start, chunks.tile_start, chunks.tile_stop, chunks.last], axis=1))


class WindowedBatches(IterableDataset[Tensor]):
    """Batches of forecast origins in random order, int64 [window]; ~row stands for one that is not supervised."""

    def __init__(self, windows: WindowedSeries, settings: TrainingSettings, epoch: CurrentEpoch) -> None:
        self.windows, self.settings, self.epoch = windows, settings, epoch

    def __iter__(self) -> Iterator[Tensor]:
        generator = np.random.default_rng([self.settings.seed, self.epoch.current_epoch])
        rows = generator.permutation(self.windows.origins[Split.train].rows)
        for begin in range(0, len(rows), self.settings.batch_size):
            batch = torch.from_numpy(rows[begin : begin + self.settings.batch_size])
            part = part_of(batch)
            yield part if len(part) else ~batch[:1]


def validation_chunk_length(lookback: int, settings: TrainingSettings) -> int:
    """Records in a validation chunk: a lookback to settle on, and at least twice as many to forecast from.

    All chunks are scanned over this one length, since oneDNN keeps buffers for every length that it has seen.
    """
    burn_in = lookback - 1
    return burn_in + max(settings.chunk_length, 2 * burn_in)


class ValidationBatches(IterableDataset[Tensor]):
    """Chunks that visit every validation origin once, each after at least a whole lookback of context."""

    def __init__(self, windows: WindowedSeries, settings: TrainingSettings) -> None:
        self.windows, self.settings = windows, settings

    def __iter__(self) -> Iterator[Tensor]:
        burn_in = self.windows.lookback - 1
        length = validation_chunk_length(self.windows.lookback, self.settings)
        chunks = make_chunks(
            self.windows.segments_of(Split.validate), self.windows.origins[Split.validate].rows, length, burn_in, None
        )
        for batch in batches(chunks, self.settings.chunk_batch_size):
            yield _part_of_chunks(_as_tensor(batch))
