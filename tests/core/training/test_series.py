"""A series that is too large for memory is read from its file, and trains the same."""

from pathlib import Path

import numpy as np
import torch

from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.training.series import MappedSeries, ResidentSeries, series_for
from bloodtwin_core.windows.storage import read_windows, write_windows
from tests.core.tiny import TINY_MODEL, TINY_TRAINING, tiny_windows


def test_both_give_the_same_records(tmp_path: Path) -> None:
    windows, _ = tiny_windows()
    write_windows(tmp_path / "windows", windows, "raw")
    mapped = read_windows(tmp_path / "windows")[0].series
    rows = torch.tensor([[3, 1], [700, 2]])
    resident, on_disk = series_for(mapped, memory_mib=1), series_for(mapped, memory_mib=0)
    assert isinstance(resident, ResidentSeries)
    assert isinstance(on_disk, MappedSeries)
    torch.testing.assert_close(resident(rows), on_disk(rows))
    assert isinstance(on_disk.mapped, np.memmap), "the file was not read into memory"


def test_a_training_from_the_file_is_the_same_training(tmp_path: Path) -> None:
    windows, scaler = tiny_windows()
    write_windows(tmp_path / "windows", windows, "raw")
    mapped, _ = read_windows(tmp_path / "windows")
    losses = []
    for memory_mib in (1024, 0):
        training = TINY_TRAINING.model_copy(update={"series_memory_mib": memory_mib})
        folder = CheckpointFolder(tmp_path / str(memory_mib))
        fitted = fit(mapped, scaler, TINY_MODEL, training, folder, tmp_path / "tensorboard", "data")
        losses.append([epoch.val_mae for epoch in fitted.epochs])
    assert losses[0] == losses[1]
