"""Chunks: how the dense scan visits every forecast origin exactly once an epoch.

A chunk is a stretch of one segment. Its first rows (the burn-in) only settle the network's state; on its
tile, the rows after them, the forecast is supervised at every forecast origin. Tiles of a segment lie end to end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.records import Rows
from bloodtwin_core.windows import Segment


@dataclass(frozen=True)
class Chunks:
    """Chunks of one length, each field [chunk], as rows of the series.

    Rows of a chunk past last belong to another segment; nothing of them may be used.
    """

    start: Rows
    tile_start: Rows
    tile_stop: Rows
    last: Rows

    def __len__(self) -> int:
        return len(self.start)

    def take(self, which: Rows) -> "Chunks":
        """Some of the chunks, in the order asked for."""
        return Chunks(self.start[which], self.tile_start[which], self.tile_stop[which], self.last[which])


def make_chunks(
    segments: Sequence[Segment], origin_rows: Rows, length: int, burn_in: int, shuffle: np.random.Generator | None
) -> Chunks:
    """Chunks whose tiles hold every forecast origin once.

    With a generator the tiling of each segment begins at a random place and the chunks come in random
    order, so that no origin always sits at the same depth of a chunk.
    """
    tile = length - burn_in
    rows: list[tuple[int, int, int, int]] = []
    for segment in segments:
        low, high = np.searchsorted(origin_rows, [segment.start, segment.stop])
        if low == high:
            continue
        first, stop = int(origin_rows[low]), int(origin_rows[high - 1]) + 1
        shift = int(shuffle.integers(tile)) if shuffle else 0
        for begin in range(first - shift, stop, tile):
            tile_start, tile_stop = max(begin, first), min(begin + tile, stop)
            if tile_start < tile_stop:
                rows.append((max(begin - burn_in, segment.start), tile_start, tile_stop, segment.stop - 1))
    order = shuffle.permutation(len(rows)) if shuffle else np.arange(len(rows))
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)[order]
    return Chunks(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def batches(chunks: Chunks, size: int) -> Iterator[Chunks]:
    """The chunks in groups of at most size."""
    for begin in range(0, len(chunks), size):
        yield chunks.take(np.arange(begin, min(begin + size, len(chunks))))
