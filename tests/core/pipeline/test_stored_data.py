"""Raw splits and windows as files: read back as written, and refused when changed or damaged."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records import Split
from bloodtwin_core.records.raw_splits import RawPumpSplits, describe, load_splits, read_raw_splits
from bloodtwin_core.records.splitting import write_split_files
from bloodtwin_core.records.summary import summarise
from bloodtwin_core.windows.storage import fingerprint_of, read_windows, write_windows
from tests.core.tiny import tiny_records, tiny_windows


@pytest.fixture
def raw(tmp_path: Path) -> RawPumpSplits:
    files = write_split_files([tiny_records()], DataSettings(), tmp_path / "pump_splits")
    raw = describe("test", files, tmp_path)
    raw.write(tmp_path / "raw.json")
    return raw


def test_raw_splits_are_read_back_and_their_records_load(raw: RawPumpSplits, tmp_path: Path) -> None:
    assert read_raw_splits(tmp_path / "raw.json") == raw
    loaded = load_splits(raw, tmp_path)
    assert [(part.pump_id, part.split) for part in loaded] == [("a", split) for split in Split]
    assert sum(len(part.file.records) for part in loaded) == len(tiny_records())
    assert all(not file.path.is_absolute() for file in raw.files), "the artifact folder can be moved"


def test_split_files_load_after_a_kill_in_the_middle_of_their_replacement(raw: RawPumpSplits, tmp_path: Path) -> None:
    (tmp_path / "pump_splits").rename(tmp_path / ".pump_splits.before")
    assert len(load_splits(raw, tmp_path)) == len(Split)


def test_a_changed_or_vanished_split_file_is_refused(raw: RawPumpSplits, tmp_path: Path) -> None:
    path = tmp_path / raw.files[0].path
    path.write_text(path.read_text() + "\n")
    with pytest.raises(ArtifactMissing, match=r"lstm_train.*changed since.*Materialize raw_pump_splits"):
        load_splits(raw, tmp_path)
    path.unlink()
    with pytest.raises(ArtifactMissing, match=r"lstm_train.*is gone since.*Materialize raw_pump_splits"):
        load_splits(raw, tmp_path)


def test_windows_are_memory_mapped_and_the_same_as_written(tmp_path: Path) -> None:
    windows, _ = tiny_windows()
    index = write_windows(tmp_path / "windows", windows, "raw")
    stored, stored_index = read_windows(tmp_path / "windows")
    assert stored_index == index
    assert isinstance(stored.series, np.memmap)
    np.testing.assert_array_equal(stored.series, windows.series)
    np.testing.assert_array_equal(stored.timestamps, windows.timestamps)
    assert stored.segments == windows.segments
    for split in Split:
        np.testing.assert_array_equal(stored.origins[split].rows, windows.origins[split].rows)
        np.testing.assert_array_equal(stored.origins[split].complete, windows.origins[split].complete)


def test_the_fingerprint_changes_with_a_single_reading() -> None:
    windows, _ = tiny_windows()
    before = fingerprint_of(windows)
    windows.series[17, 0] += 1
    assert fingerprint_of(windows) != before


@pytest.mark.parametrize("damage", ["missing", "truncated", "index"])
def test_damaged_windows_say_what_to_materialize(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "windows"
    if damage != "missing":
        write_windows(folder, tiny_windows()[0], "raw")
        broken = folder / ("series.npy" if damage == "truncated" else "windows.json")
        broken.write_bytes(broken.read_bytes()[:50])
    with pytest.raises(ArtifactMissing, match="Materialize windowed_tensors first"):
        read_windows(folder)


def test_the_manifest_holds_what_each_stage_left(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    for stage in ("first", "second"):
        (tmp_path / stage).write_text(stage)
        store.record(stage, [tmp_path / stage], "version", {"seed": 1})
    assert list(store.manifest().stages) == ["first", "second"]
    assert len(store.manifest().stages["first"].files["first"]) == 64
    store.manifest_path.write_text("{")
    with pytest.raises(ArtifactMissing, match=r"manifest\.json is damaged"):
        store.manifest()


def test_summary_counts_what_was_measured_only() -> None:
    records = tiny_records(missing=0.25)
    records.values[:, 2] = 1.0
    summary = summarise("a", [records.rows(0, 200), records.rows(200, 400)])
    measured = records.values[~np.isnan(records.values[:, 0]), 0]
    assert summary.missing_share == pytest.approx(1 - len(measured) / 400)
    assert summary.glucose_mean == pytest.approx(float(measured.mean()), rel=1e-5)
    assert summary.below_range + summary.in_range + summary.above_range == pytest.approx(1.0)
    assert summary.basal_per_day == pytest.approx(24.0)
