"""The graph on two machines that share their artifacts, and a third that only forecasts."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.cli.main import BAD_DATA, BAD_USAGE, DONE, main
from bloodtwin_core.common.errors import ArtifactMissing, FolderInUse, SettingsError
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.people.many import People
from bloodtwin_core.pipeline.verifying import faults_of
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.serving import Forecaster
from tests.assets.tiny_graph import Graph, failure_of
from tests.core.publishing.made import NOW, version
from tests.shared_storage import Storage

pytestmark = pytest.mark.usefixtures("s3")
ROOT = "s3://shared/models"


@dataclass(frozen=True)
class SharedGraph(Graph):
    """A graph whose artifacts are a copy of what machines share."""

    def run_config(self, **changes: dict[str, Any]) -> dict[str, Any]:
        config = super().run_config(**changes)
        config["resources"]["artifacts"]["config"]["shared"] = ROOT
        return config


def published(store: ArtifactStore, times: int) -> PublishedStore:
    """The store's published versions, after its export was published so many times."""
    there = PublishedStore(store.published)
    for _ in range(times):
        files = {"model.onnx": store.onnx}
        name = there.next_version("c" * 64)
        there.add(version(name, files), files)
        there.switch(name, "a test", NOW)
    return there


def published_and_shared(store: ArtifactStore, times: int) -> PublishedStore:
    """The same, and other machines have them."""
    there = published(store, times)
    store.join(ROOT)
    there.refresh()
    return there


def files_of(folder: Path) -> dict[str, bytes]:
    there = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in there}


def fetched(tmp_path: Path) -> dict[str, bytes]:
    """What a machine that only forecasts has by now."""
    assert main(["fetch", f"{ROOT}/tiny", str(tmp_path / "forecasts")]) == DONE
    return files_of(tmp_path / "forecasts")


def test_what_one_machine_trained_and_published_another_goes_on_from(
    copied: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = SharedGraph(copied.root), SharedGraph(tmp_path / "other")
    published(one.store, times=1)
    assert one.run("onnx_export").success
    assert other.run("onnx_export").success
    assert faults_of(other.store) == []
    assert other.store.recorded("onnx_export").run != one.store.recorded("onnx_export").run
    assert one.run_checks("onnx_export").success
    assert one.store.manifest() == other.store.manifest()
    assert faults_of(one.store) == []

    folder = tmp_path / "forecasts"
    for _ in range(2):
        assert main(["fetch", f"{ROOT}/tiny", str(folder)]) == DONE
        assert "version 0001-cccccccc is in use" in capsys.readouterr().out
    assert Forecaster.load(folder).facts == Forecaster.load(one.store.onnx).facts
    assert main(["fetch", f"{ROOT}/nobody", str(tmp_path / "none")]) == BAD_USAGE
    assert "nothing is published there" in capsys.readouterr().err


def test_a_run_that_begins_sends_nothing_of_one_that_failed(s3: Storage, tmp_path: Path) -> None:
    half = tmp_path / "tiny" / "half"
    half.parent.mkdir()
    half.touch()
    artifacts = ArtifactsResource(root=str(tmp_path), shared=ROOT)
    assert artifacts.store(SettingsResource(model={"name": "tiny"})).folder == half.parent
    assert not [name for name in s3.names() if "/files/" in name]


@pytest.mark.usefixtures("soon_renewed")
def test_one_can_roll_back_while_a_run_is_at_work_elsewhere(copied: Graph, tmp_path: Path) -> None:
    there = published(copied.store, times=2)
    other = ArtifactStore(tmp_path / "other" / "tiny")
    for store in (copied.store, other):
        store.join(ROOT)
    with copied.store.owned():
        with pytest.raises(FolderInUse), other.owned():
            pass
        PublishedStore(other.published).roll_back(NOW)
        there.refresh()
    assert there.pointer is not None
    assert there.pointer.version == "0001-cccccccc"
    assert there.all_faults() == []


def test_what_a_writer_lost_or_damaged_is_loaded_again_and_nobody_else_loses_it(copied: Graph, tmp_path: Path) -> None:
    store = copied.store
    there, all_versions = published(store, times=3), ["0001-cccccccc", "0002-cccccccc", "0003-cccccccc"]
    there.change_ledger(lambda ledger: ledger)
    store.join(ROOT)
    there.refresh()
    shutil.rmtree(there.place("0001-cccccccc"))
    (there.place("0002-cccccccc") / "model.onnx").write_text("damaged")
    there.drift.unlink()
    assert main(["rollback", str(store.folder)]) == DONE
    assert there.versions() == all_versions
    assert fetched(tmp_path) == files_of(there.folder)
    (there.folder / "published.json").unlink()
    there.refresh()
    assert there.pointer is not None
    assert there.pointer.version == "0002-cccccccc"
    assert fetched(tmp_path) == files_of(there.folder)

    for path in there.folder.iterdir():
        if not path.name.startswith("."):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert main(["rollback", "--list", str(store.folder)]) == DONE
    assert there.versions() == all_versions
    there.prune(1)
    assert there.versions() == ["0002-cccccccc"]
    assert fetched(tmp_path) == files_of(there.folder)


def test_what_was_damaged_before_it_was_shared_is_told(copied: Graph, tmp_path: Path) -> None:
    store = copied.store
    there = published(store, times=2)
    (there.place("0002-cccccccc") / "model.onnx").write_text("damaged")
    store.join(ROOT)
    with pytest.raises(ArtifactMissing, match=r"model.onnx changed since.* where nothing is yet, delete .*json, then"):
        there.refresh()
    (there.folder / ".shared.json").unlink()  # As the error says.
    assert main(["rollback", str(store.folder)]) == DONE
    shutil.rmtree(there.place("0002-cccccccc"))
    store.join(ROOT)
    there.refresh()
    assert fetched(tmp_path) == files_of(there.folder)


def test_what_was_fetched_and_lost_or_damaged_is_fetched_again(copied: Graph, tmp_path: Path) -> None:
    there = published_and_shared(copied.store, times=2)
    assert fetched(tmp_path) == files_of(there.folder)
    (tmp_path / "forecasts" / "versions" / "0001-cccccccc" / "model.onnx").unlink()
    (tmp_path / "forecasts" / "versions" / "0002-cccccccc" / "model.onnx").write_text("damaged")
    assert fetched(tmp_path) == files_of(there.folder)


def test_a_fetched_folder_that_is_no_copy_any_more_is_mended_as_the_error_says(
    copied: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = published_and_shared(copied.store, times=1)
    fetched(tmp_path)
    (tmp_path / "forecasts" / ".shared.json").write_text("{")
    assert main(["fetch", f"{ROOT}/tiny", str(tmp_path / "forecasts")]) == BAD_DATA
    assert "In a folder of bloodtwin fetch delete all" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "forecasts")
    assert fetched(tmp_path) == files_of(there.folder)


def test_nothing_is_fetched_into_a_folder_of_something_else(
    copied: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published_and_shared(copied.store, times=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    assert main(["fetch", f"{ROOT}/tiny", str(tmp_path / "mine")]) == BAD_USAGE
    assert "mine holds files that were not fetched" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_people_begin_with_what_another_machine_published(
    copied: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_and_shared(copied.store, times=1)
    bases = []

    def stage(store: ArtifactStore, *_: Any) -> People:
        bases.append(PublishedStore(store.published).champion())
        return People(())

    monkeypatch.setattr("bloodtwin_core.cli.personalise.people_stage", stage)
    given = {"artifacts.root": tmp_path / "other", "artifacts.shared": ROOT, "model.name": "tiny"}
    assert main(["personalise", *[f"--set={name}={value}" for name, value in given.items()]]) == DONE
    assert [base and base.version for base in bases] == ["0001-cccccccc"]


def test_a_storage_that_cannot_be_reached_fails_the_stage_in_words(s3: Storage, tmp_path: Path) -> None:
    graph = SharedGraph(tmp_path / "artifacts")
    s3.lose(1)
    said = failure_of(graph.run("raw_pump_splits"), "raw_pump_splits")
    assert said.startswith("s3://shared/models/tiny/artifacts: the storage cannot be reached or used (")
    s3.find_again()


def test_an_address_with_credentials_is_refused_and_not_quoted() -> None:
    with pytest.raises(SettingsError, match=r"artifacts.shared: is no address.* environment") as raised:
        ArtifactsResource(shared="s3://key:S3CRET@bucket/models")
    assert "S3CRET" not in str(raised.value)
