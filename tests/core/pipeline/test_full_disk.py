"""Where the disk is full, every file that is written says so, and what stood there still stands.

A limit on the size of files stands for the disk: the operating system answers a write beyond it much as a full disk
would.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bloodtwin_core.common.errors import StorageError
from bloodtwin_core.config import ExportSettings, ModelSettings
from bloodtwin_core.export import export_onnx, export_streaming, export_torchscript
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows.storage import write_windows
from tests.core.export.test_export import checkpoint_of
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, tiny_windows

resource = pytest.importorskip("resource", reason="only Unix can limit the size of files")
LIMIT = 5000
"""Bytes; less than each file here takes, and more than the logs."""
OLD = b"what stood here before"
WINDOWS, SCALER = tiny_windows()


@contextmanager
def full_disk() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def checkpoint() -> Checkpoint:
    model = ModelSettings(hidden_size=16)
    forecaster = GlucoseForecaster(model, TINY_DATA.horizon, SCALER, TINY_DATA.lookback).eval()
    return checkpoint_of(forecaster, model, TINY_DATA, SCALER)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: export_torchscript(checkpoint(), path),
        lambda path: export_onnx(checkpoint(), path, ExportSettings()),
        lambda path: export_streaming(checkpoint(), path, ExportSettings()),
    ],
    ids=["torchscript", "onnx", "streaming"],
)
def test_an_export_that_does_not_fit_leaves_the_old_one(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "model"
    path.write_bytes(OLD)
    with full_disk(), pytest.raises(StorageError, match=r"model: cannot be written.*artifacts\.root"):
        write(path)
    assert path.read_bytes() == OLD
    assert [left.name for left in tmp_path.iterdir()] == ["model"]


def test_windows_that_do_not_fit_leave_the_old_ones(tmp_path: Path) -> None:
    folder = tmp_path / "windows"
    folder.mkdir()
    (folder / "series.npy").write_bytes(OLD)
    with full_disk(), pytest.raises(StorageError, match=r"windows: cannot be written.*artifacts\.root"):
        write_windows(folder, WINDOWS, "raw")
    assert (folder / "series.npy").read_bytes() == OLD
    assert [left.name for left in tmp_path.iterdir()] == ["windows"]


def test_a_checkpoint_that_does_not_fit_leaves_the_old_one(tmp_path: Path) -> None:
    folder = CheckpointFolder(tmp_path / "checkpoints")
    folder.folder.mkdir()
    folder.best.write_bytes(OLD)
    with full_disk(), pytest.raises(StorageError, match=r"checkpoints: cannot be written.*artifacts\.root"):
        fit(WINDOWS, SCALER, TINY_MODEL, TINY_TRAINING, folder, tmp_path / "tensorboard", "data")
    assert folder.best.read_bytes() == OLD
