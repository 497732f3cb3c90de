"""The dense scan supervises exactly the forecast origins that single windows do, each once an epoch."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.config import TrainingSettings
from bloodtwin_core.records import Split
from bloodtwin_core.training.batches import DenseBatches, WindowedBatches
from bloodtwin_core.training.module import ForecasterTraining
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.chunks import make_chunks
from tests.core.tiny import TINY_MODEL, tiny_windows


class Epoch:
    """An epoch number, as the Lightning module has it."""

    def __init__(self, number: int) -> None:
        self.current_epoch = number


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(20, 120),
    burn_in=st.integers(0, 19),
    seed=st.none() | st.integers(0, 1000),
    missing=st.sampled_from([0.0, 0.05]),
)
def test_tiles_hold_every_origin_once_and_chunks_stay_in_their_segment(
    length: int, burn_in: int, seed: int | None, missing: float
) -> None:
    windows, _ = tiny_windows(missing=missing)
    rows = windows.origins[Split.train].rows
    shuffle = None if seed is None else np.random.default_rng(seed)
    chunks = make_chunks(windows.segments_of(Split.train), rows, length, burn_in, shuffle)
    seen: list[int] = []
    for start, tile_start, tile_stop, last in zip(
        chunks.start, chunks.tile_start, chunks.tile_stop, chunks.last, strict=True
    ):
        segment = next(s for s in windows.segments if s.start <= start < s.stop)
        assert last == segment.stop - 1
        assert tile_stop <= min(start + length, segment.stop)
        assert tile_start - start >= min(burn_in, tile_start - segment.start)
        seen += rows[(rows >= tile_start) & (rows < tile_stop)].tolist()
    assert sorted(seen) == rows.tolist()


def supervised(windows: WindowedSeries, module: ForecasterTraining, dense: bool, training: TrainingSettings) -> dict:  # type: ignore[type-arg]
    """Targets and masks by forecast origin, as one epoch of a mode sees them."""
    seen: dict[int, tuple[tuple[float, ...], tuple[bool, ...]]] = {}
    batches = (DenseBatches if dense else WindowedBatches)(windows, training, Epoch(0))
    for batch in batches:
        found = module.dense(batch, training.chunk_length) if dense else module.windowed(batch)
        for row, values, mask in zip(found.rows.tolist(), found.target.tolist(), found.measured.tolist(), strict=True):
            assert row not in seen
            seen[row] = (tuple(values), tuple(mask))
    return seen


@settings(max_examples=20, deadline=None)
@given(length=st.integers(40, 200), burn_in=st.integers(0, 30), seed=st.integers(0, 1000))
def test_dense_and_windowed_supervision_see_the_same_targets(length: int, burn_in: int, seed: int) -> None:
    windows, scaler = tiny_windows(missing=0.04)
    training = TrainingSettings(chunk_length=length, burn_in=burn_in, chunk_batch_size=3, batch_size=50, seed=seed)
    module = ForecasterTraining(windows, scaler, TINY_MODEL, training, "")
    with torch.inference_mode():
        dense = supervised(windows, module, True, training)
        assert dense == supervised(windows, module, False, training)
    assert sorted(dense) == windows.origins[Split.train].rows.tolist()


def test_two_epochs_tile_differently_and_the_same_epoch_alike() -> None:
    windows, _ = tiny_windows()
    training = TrainingSettings(chunk_length=40, burn_in=10)
    first, again, second = (torch.cat(list(DenseBatches(windows, training, Epoch(n)))) for n in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
