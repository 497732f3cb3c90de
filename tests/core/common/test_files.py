import errno
import hashlib
import os
from pathlib import Path

import pytest

from bloodtwin_core.common.errors import StorageError
from bloodtwin_core.common.files import atomic_folder, atomic_write, clear_leftovers, recover_folder, sha256_of


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def interrupted_after_half(path: Path, interruption: type[BaseException]) -> None:
    path.write_text("half")
    raise interruption


def test_a_written_file_takes_its_place_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "new" / "model.onnx"
    with atomic_write(place) as temporary:
        assert temporary.suffix == ".onnx"
        temporary.write_text("whole")
        assert not place.exists()
    assert place.read_text() == "whole"
    assert names(place.parent) == ["model.onnx"]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_write_loses_nothing_and_leaves_nothing(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    place = tmp_path / "results.yaml"
    place.write_text("old")
    with pytest.raises(interruption), atomic_write(place) as temporary:
        interrupted_after_half(temporary, interruption)
    assert place.read_text() == "old"
    assert names(tmp_path) == ["results.yaml"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    place = tmp_path / "splits"
    place.mkdir()
    (place / "stale.csv").write_text("old")
    with atomic_folder(place) as temporary:
        (temporary / "pump_1").mkdir()
        (temporary / "pump_1" / "fresh.csv").write_text("new")
        assert names(place) == ["stale.csv"]
    assert names(place) == ["pump_1"]
    assert names(tmp_path) == ["splits"]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_an_interrupted_folder_leaves_the_old_one(tmp_path: Path, interruption: type[BaseException]) -> None:
    place = tmp_path / "splits"
    place.mkdir()
    (place / "kept.csv").write_text("old")
    with pytest.raises(interruption), atomic_folder(place) as temporary:
        interrupted_after_half(temporary / "half.csv", interruption)
    assert names(place) == ["kept.csv"]
    assert names(tmp_path) == ["splits"]


def test_a_kill_between_the_two_renames_is_mended(tmp_path: Path) -> None:
    place = tmp_path / "splits"
    place.mkdir()
    (place / "kept.csv").write_text("old")
    place.replace(tmp_path / ".splits.before")
    recover_folder(place)
    assert (place / "kept.csv").read_text() == "old"
    assert names(tmp_path) == ["splits"]


def test_a_failing_second_rename_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "splits"
    place.mkdir()
    (place / "kept.csv").write_text("old")
    rename = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if self.name.startswith(".splits.") and self.name != ".splits.before":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(StorageError), atomic_folder(place):
        pass
    assert names(place) == ["kept.csv"]
    assert names(tmp_path) == ["splits"]


def test_a_folder_left_aside_after_a_complete_swap_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".splits.before").mkdir()
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "new.csv").write_text("new")
    recover_folder(tmp_path / "splits")
    assert names(tmp_path) == ["splits"]
    assert names(tmp_path / "splits") == ["new.csv"]


@pytest.mark.parametrize("place", ["model.ckpt", "folder/model.ckpt"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    path = tmp_path / "taken" / place
    for write in (atomic_write, atomic_folder):
        with pytest.raises(StorageError, match=r"artifacts\.root") as caught, write(path):
            pass
        assert str(path) in str(caught.value)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not stop this user")
def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="writable"), atomic_write(tmp_path / "file") as temporary:
            temporary.write_text("x")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("code", "advice"), [(errno.ENOSPC, "Free some space"), (errno.EROFS, "writable"), (errno.EACCES, "writable")]
)
def test_what_the_disk_answers_while_writing_becomes_advice(tmp_path: Path, code: int, advice: str) -> None:
    place = tmp_path / "model.ckpt"
    place.write_text("old")
    for write in (atomic_write, atomic_folder):
        with pytest.raises(StorageError, match=advice), write(place) as temporary:
            raise OSError(code, os.strerror(code), str(temporary))
    assert place.read_text() == "old"
    assert names(tmp_path) == ["model.ckpt"]


def test_a_file_missing_elsewhere_is_not_blamed_on_the_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "out"):
        (tmp_path / "input").read_text()


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"glucose")
    assert sha256_of(tmp_path / "file") == hashlib.sha256(b"glucose").hexdigest()


def test_leftovers_of_killed_writers_are_cleared_and_nothing_else(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in ("model.onnx", ".keep", ".DS_Store", "sub/.notes.txt")]
    left = [
        tmp_path / name for name in (".model.0123abcd.onnx", "sub/.windows.89abcdef/series.npy", "sub/.a.b.00112233.c")
    ]
    for path in (*kept, *left):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / ".splits.before").mkdir()
    (tmp_path / ".splits.before" / "old.csv").touch()
    assert clear_leftovers(tmp_path) == len(left)
    assert [path for path in (*kept, *left) if path.exists()] == kept
    assert names(tmp_path / "splits") == ["old.csv"]
    assert clear_leftovers(tmp_path) == 0


def test_a_reader_that_puts_the_old_folder_back_between_the_renames_does_not_stop_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "splits"
    place.mkdir()
    (place / "old.csv").touch()
    rename, read = Path.replace, []

    def read_between(self: Path, target: Path) -> Path:
        if target == place and not read:
            read.append(self)
            recover_folder(place)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", read_between)
    with atomic_folder(place) as temporary:
        (temporary / "new.csv").touch()
    assert names(place) == ["new.csv"]
    assert names(tmp_path) == ["splits"]


def test_what_is_written_is_for_the_owner_alone(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "new" / "deep" / "file.csv") as temporary:
        temporary.write_text("120")
    with atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "file.csv").write_text("120")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"new": 0o700, "deep": 0o700, "folder": 0o700, "file.csv": 0o600}
