"""A full disk, a folder removed, or another machine, while a version is published: nothing half, and it goes on."""

import errno
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bloodtwin_core.common import files
from bloodtwin_core.common.errors import ArtifactMissing, BloodTwinError, FolderInUse, StorageError
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.publishing import publish_stage
from bloodtwin_core.pipeline.verifying import faults_of
from bloodtwin_core.publishing.decision import Gate
from bloodtwin_core.publishing.kept import KeptFiles
from bloodtwin_core.publishing.store import PublishedStore, number_of
from bloodtwin_core.serving.published import model_in
from tests.core.pipeline.made_versions import NOW, published_without_proof
from tests.shared_storage import Storage

Versions = tuple[ArtifactStore, Settings]
VERSION_KIB = 60
"""About what a version of the tiny network takes."""


def copied(versions: Versions, folder: Path) -> Versions:
    store = ArtifactStore(folder / "tiny")
    shutil.copytree(versions[0].folder, store.folder)
    return store, versions[1]


def require_whole(store: ArtifactStore) -> None:
    """What is in use is the second version or the third, and every version that is there is whole."""
    published = PublishedStore(store.published)
    assert published.all_faults() == []
    champion = published.champion()
    assert champion is not None
    assert number_of(champion.version) in (2, 3)
    assert model_in(store.published, "model.onnx").is_file()


def require_next_run_is_green(store: ArtifactStore, settings: Settings) -> None:
    made = published_without_proof(store, settings)
    assert made.in_use is not None
    assert faults_of(store) == []
    assert list(store.folder.rglob(".*")) == []
    needed = {sha256 for version in PublishedStore(store.published).versions() for sha256 in sources(store, version)}
    assert {path.name.removesuffix(".gz") for path in store.version_sources.iterdir()} == needed


def sources(store: ArtifactStore, version: str) -> set[str]:
    return PublishedStore(store.published).manifest(version).sources


def full_after(writes: int) -> Callable[[Path], None]:
    """A disk that takes so many files more, and none after them."""
    real, left = files._sync, iter(range(writes))

    def sync(path: Path) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path)

    return sync


@pytest.mark.parametrize("writes", range(0, 27, 3))
def test_a_full_disk_leaves_what_is_in_use_whole(
    versions: Versions, tmp_path: Path, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, settings = copied(versions, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(files, "_sync", full_after(writes))
        with pytest.raises(StorageError, match=r"cannot be written: No space left.*Free some space"):
            published_without_proof(store, settings)
    require_whole(store)
    require_next_run_is_green(store, settings)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB, in memory."""
    if not sys.platform.startswith("linux") or shutil.which("mount") is None:
        pytest.skip("no file system in memory can be mounted here")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("room", [0.0, 0.4, 0.9, 1.3])
def test_so_does_a_disk_that_is_really_full(versions: Versions, small_disk: Path, room: float) -> None:
    store, settings = copied(versions, small_disk)
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free - int(room * VERSION_KIB * 1024)
    filler.write_bytes(bytes(max(0, free)))
    with suppress(StorageError):  # Where there is room enough it is published.
        published_without_proof(store, settings)
    require_whole(store)
    filler.unlink()
    require_next_run_is_green(store, settings)


def remove_in_the_middle(folder: Path, patch: pytest.MonkeyPatch, at: str) -> None:
    """Let a folder go when the publishing has come so far."""
    real = getattr(PublishedStore, at)

    def removing(*given: Any, **named: Any) -> Any:
        patch.setattr(PublishedStore, at, real)
        shutil.rmtree(folder)
        return real(*given, **named)

    patch.setattr(PublishedStore, at, removing)


@pytest.mark.parametrize("at", ["change_ledger", "add", "switch", "keep_decision", "prune"])
@pytest.mark.parametrize("what", ["published", "published/versions", "version_sources"])
def test_a_folder_that_is_removed_underneath(
    versions: Versions, tmp_path: Path, what: str, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, settings = copied(versions, tmp_path)
    with monkeypatch.context() as patch:
        remove_in_the_middle(store.folder / what, patch, at)
        with suppress(BloodTwinError):
            published_without_proof(store, settings)
    made = published_without_proof(store, settings)
    assert made.in_use is not None
    assert PublishedStore(store.published).all_faults() == []
    assert faults_of(store) == []


def test_an_artifact_folder_that_is_removed_underneath_is_told(
    versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, settings = copied(versions, tmp_path)
    remove_in_the_middle(store.folder, monkeypatch, "add")
    with pytest.raises(BloodTwinError):
        published_without_proof(store, settings)


def test_where_the_version_in_use_is_gone_the_next_candidate_takes_its_place(
    versions: Versions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, settings = copied(versions, tmp_path)
    published = PublishedStore(store.published)
    gone = published.versions()[-1]
    shutil.rmtree(published.place(gone))
    assert published.champion() is None
    assert f"version {gone}, which was in use, is not there any more" in caplog.text
    made = published_without_proof(store, settings)
    assert made.in_use is not None
    assert number_of(made.in_use.version) == 3
    assert published.all_faults() == []


@pytest.mark.usefixtures("s3")
def test_a_machine_that_dies_once_a_version_is_shared_leaves_others_what_it_was_trained_from(
    versions: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    (store, settings), other = copied(versions, tmp_path), ArtifactStore(tmp_path / "other" / "tiny")
    for each in (store, other):
        each.join("s3://shared/models")
    with store.owned():
        pass
    monkeypatch.setattr("bloodtwin_core.pipeline.publishing.forget_sources", dies)
    with pytest.raises(KeyboardInterrupt):
        published_without_proof(store, settings)
    with other.owned():
        assert KeptFiles(other.version_sources).holds(sources(other, PublishedStore(other.published).versions()[-1]))
    assert number_of(PublishedStore(other.published).versions()[-1]) == 3


def take_over(s3: Storage, other: ArtifactStore) -> None:
    """Let the first machine sleep for longer than its lease lasts."""
    s3.ahead = 130.0
    with other.owned():
        pass


def roll_back(_: Storage, other: ArtifactStore) -> None:
    PublishedStore(other.published).roll_back(NOW)


@pytest.mark.parametrize(
    ("meanwhile", "error", "said"),
    [(take_over, FolderInUse, "was lost.*took it over"), (roll_back, ArtifactMissing, "changed while .* was judged")],
)
def test_what_another_machine_did_while_the_candidate_was_judged_stands(
    s3: Storage,
    versions: Versions,
    tmp_path: Path,
    meanwhile: Callable[[Storage, ArtifactStore], None],
    error: type[BloodTwinError],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (store, settings), other = copied(versions, tmp_path), ArtifactStore(tmp_path / "other" / "tiny")
    for each in (store, other):
        each.join("s3://shared/models")
    with store.owned():
        pass
    there = PublishedStore(other.published)
    there.refresh()

    def judging(*_: Any) -> list[Gate]:
        meanwhile(s3, other)
        return []

    monkeypatch.setattr("bloodtwin_core.pipeline.publishing.gates_of", judging)
    with pytest.raises(error, match=said):
        publish_stage(store, settings, NOW)
    there.refresh()
    assert there.pointer is not None
    assert number_of(there.pointer.version) == (1 if meanwhile is roll_back else 2)
    assert [number_of(version) for version in there.versions()] == [1, 2]
    assert there.last_decision() == PublishedStore(versions[0].published).last_decision()
