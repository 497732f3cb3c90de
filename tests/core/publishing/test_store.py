"""Versions: written whole, switched by one rename, rolled back, pruned."""

from pathlib import Path

import pytest

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.serving.published import model_in
from tests.core.publishing.made import NOW, publish, version


@pytest.fixture
def store(tmp_path: Path) -> PublishedStore:
    return PublishedStore(tmp_path / "published")


def in_use(store: PublishedStore) -> str:
    return model_in(store.folder, "model.onnx").read_text()


def test_a_reader_finds_the_version_in_use(store: PublishedStore, tmp_path: Path) -> None:
    assert store.champion() is None
    first = publish(store, tmp_path / "made", "one")
    assert in_use(store) == "one"
    publish(store, tmp_path / "made", "two")
    assert in_use(store) == "two"
    assert [name.partition("-")[0] for name in store.versions()] == ["0001", "0002"]
    assert store.place(first).joinpath("model.onnx").read_text() == "one"


def test_a_folder_without_versions_gives_its_own_file(tmp_path: Path) -> None:
    assert model_in(tmp_path, "model.onnx") == tmp_path / "model.onnx"
    assert model_in(tmp_path / "model.ts", "model.onnx") == tmp_path / "model.ts"


def test_rolling_back_goes_one_version_at_a_time(store: PublishedStore, tmp_path: Path) -> None:
    names = [publish(store, tmp_path / "made", text) for text in ("one", "two", "three")]
    withdrawn = [store.manifest(name).checkpoint_sha256 for name in names]
    assert store.roll_back(NOW, why="too many alarms") == names[1]
    assert store.roll_back(NOW) == names[0]
    assert in_use(store) == "one"
    pointer = store.pointer
    assert pointer is not None
    assert pointer.withdrawn == (withdrawn[2], withdrawn[1])
    assert "too many alarms" in pointer.history[-2].why
    assert store.roll_back(NOW, to=names[2]) == names[2]


def test_rolling_back_names_what_there_is(store: PublishedStore, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no published version"):
        store.roll_back(NOW)
    publish(store, tmp_path / "made", "one")
    with pytest.raises(SettingsError, match="no other"):
        store.roll_back(NOW)
    publish(store, tmp_path / "made", "two")
    with pytest.raises(SettingsError, match=r"'0009-x' is not among the versions kept .*: 0001-"):
        store.roll_back(NOW, to="0009-x")


def test_a_changed_version_is_not_switched_to(store: PublishedStore, tmp_path: Path) -> None:
    first = publish(store, tmp_path / "made", "one")
    publish(store, tmp_path / "made", "two")
    (store.place(first) / "model.onnx").write_text("something else")
    with pytest.raises(ArtifactMissing, match="changed since it was published"):
        store.roll_back(NOW)
    assert in_use(store) == "two"


def test_a_file_that_changes_meanwhile_is_not_published(store: PublishedStore, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_text("one")
    manifest = version("0001-x", {"model.onnx": path})
    path.write_text("two")
    with pytest.raises(ArtifactMissing, match="changed while it was published"):
        store.add(manifest, {"model.onnx": path})
    assert store.versions() == []


def test_as_many_versions_stay_as_asked_for(store: PublishedStore, tmp_path: Path) -> None:
    names = [publish(store, tmp_path / "made", str(number)) for number in range(5)]
    store.roll_back(NOW, to=names[1])
    assert store.prune(3) == [names[0], names[2]]
    assert store.versions() == [names[1], *names[3:]]
    assert publish(store, tmp_path / "made", "later").startswith("0006-")


def test_a_version_that_was_never_in_use_goes(store: PublishedStore, tmp_path: Path) -> None:
    publish(store, tmp_path / "made", "one")
    path = tmp_path / "made" / "model.onnx"
    store.add(version("0002-killed", {"model.onnx": path}), {"model.onnx": path})
    assert store.prune(5) == ["0002-killed"]


def test_a_damaged_pointer_says_what_to_do(store: PublishedStore, tmp_path: Path) -> None:
    publish(store, tmp_path / "made", "one")
    (store.folder / "published.json").write_text("{")
    with pytest.raises(ArtifactMissing, match="bloodtwin rollback"):
        model_in(store.folder, "model.onnx")


def test_a_version_in_use_that_is_not_the_one_told_of_is_refused_by_whoever_reads_it(
    store: PublishedStore, tmp_path: Path
) -> None:
    first, second = (publish(store, tmp_path / "made", text) for text in ("one", "two"))
    assert store.all_faults() == []
    told, manifest = store.folder / "published.json", store.place(second) / "version.json"
    for path, changed in (
        (told, told.read_text().replace(second, first, 1)),
        (manifest, manifest.read_text().replace("12.5", "11.5")),
    ):
        stood = path.read_text()
        path.write_text(changed)
        for read in (lambda: model_in(store.folder, "model.onnx"), store.champion):
            with pytest.raises(ArtifactMissing, match=r"changed since it was (published|written).* Roll back"):
                read()
        assert len(store.all_faults()) == 1
        path.write_text(stood)
    (store.place(first) / "model.onnx").write_text("two")
    [fault] = store.all_faults()
    assert "model.onnx changed since it was published" in fault
