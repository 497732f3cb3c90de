"""A rollback under a reader that forecasts all the while: no missing and no mixed model."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.publishing.reader import known_forecasts, read, under_a_reader
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Cell, ExportSettings
from bloodtwin_core.export import export_onnx, facts_of, list_model
from bloodtwin_core.publishing.store import PublishedStore
from tests.core.export.test_export import untrained
from tests.core.publishing.made import NOW, version
from tests.core.tiny import TINY_DATA


def window() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    lookbacks = np.zeros((1, TINY_DATA.lookback, 8), dtype=np.float32)
    lookbacks[:, :, 0] = 140.0
    return lookbacks


def two_versions(folder: Path) -> PublishedStore:
    """Published versions of two networks, each with the model.json that lists it."""
    store = PublishedStore(folder / "published")
    for number, cell in enumerate((Cell.lstm, Cell.gru)):
        made = folder / cell
        made.mkdir()
        checkpoint = replace(untrained(cell), sha256=str(number) * 64)
        export_onnx(checkpoint, made / "model.onnx", ExportSettings())
        list_model(made / "model.onnx", facts_of(checkpoint))
        (made / "best.ckpt").write_text(cell)
        files = {path.name: path for path in made.iterdir()}
        name = store.next_version(sha256_of(made / "best.ckpt"))
        store.add(version(name, files, checkpoint.sha256), files)
        store.switch(name, "made", NOW)
    return store


def test_no_reader_finds_a_missing_or_a_mixed_model(tmp_path: Path) -> None:
    store = two_versions(tmp_path)
    known = known_forecasts(store.folder, window())
    assert len(set(known.values())) == 2
    seen = under_a_reader(store.folder, window(), known, forecasts=300)
    assert (seen.forecasts, seen.mixed, seen.missing) == (300, 0, 0)


def test_the_reader_tells_a_mixed_and_a_missing_model(tmp_path: Path) -> None:
    """Otherwise it would show nothing."""
    store = two_versions(tmp_path)
    known = known_forecasts(store.folder, window())
    assert read(store.folder, window(), {name: value + 1 for name, value in known.items()}, 5).mixed == 5
    first, second = (store.place(name) for name in store.versions())
    (second / "model.onnx").write_bytes((first / "model.onnx").read_bytes())
    assert read(store.folder, window(), known, 3).missing > 0
