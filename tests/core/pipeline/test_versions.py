"""Versions of a tiny graph: a training begins with the one in use, and each is trained again to the same bytes."""

import gzip
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from bloodtwin_core.cli.main import main
from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.config import PublishingSettings, Settings
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.reproducing import reproduce, version_to_reproduce
from bloodtwin_core.pipeline.verifying import faults_of
from bloodtwin_core.pipeline.version_sources import forget_sources
from bloodtwin_core.publishing.kept import KeptFiles
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.serving.published import VERSION
from tests.core.pipeline.new_processes import in_new_process


@pytest.fixture
def store(versions: tuple[ArtifactStore, Settings]) -> ArtifactStore:
    return versions[0]


def test_a_training_begins_with_the_version_in_use_and_with_fresh_weights_where_there_is_none(
    store: ArtifactStore,
) -> None:
    published = PublishedStore(store.published)
    first, second = (published.manifest(version) for version in published.versions())
    assert first.started_from == ""
    assert second.started_from == first.checkpoint_sha256
    began, ended = (load_checkpoint(published.place(each.version) / "best.ckpt") for each in (first, second))
    assert ended.started_from == began.sha256
    assert ended.scaler == began.scaler
    assert second.learnt["one"].last > first.learnt["one"].last


def test_an_old_version_is_trained_again_to_the_same_bytes(store: ArtifactStore, tmp_path: Path) -> None:
    """The split files of its run are long replaced by others."""
    first, told = PublishedStore(store.published).versions()[0], tmp_path / "told"
    assert in_new_process(reproduced, store.folder, first, told) == 0
    for name in ("best.ckpt", "scaler.json", "model.ts", "model.onnx", "model_streaming.onnx", "alarms.json"):
        assert f"{name}: the same bytes" in told.read_text()
    assert faults_of(store) == []


def reproduced(folder: Path, version: str, told: Path) -> int:
    with told.open("w") as out, redirect_stdout(out):
        return main(["reproduce", str(folder), "--version", version])


def test_so_is_one_that_began_with_another(store: ArtifactStore, tmp_path: Path) -> None:
    """Torch numbers what a process traces, and this one traces for the first time, unlike that of its run."""
    second = PublishedStore(store.published).versions()[1]
    found = reproduce(store, version_to_reproduce(store, second), tmp_path / "again")
    assert set(found.same) >= {"best.ckpt", "scaler.json", "model.onnx", "model_streaming.onnx"}
    assert set(found.differing) <= {"model.ts", "model.json"}
    assert found.other_code == ()


def test_other_bytes_are_told_with_what_may_have_made_them(
    store: ArtifactStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = ArtifactStore(tmp_path / "tiny")
    shutil.copytree(store.folder, copy.folder)
    version = PublishedStore(copy.published).versions()[0]
    manifest = version_to_reproduce(copy, version)
    code = manifest.code.model_copy(update={"packages": {**manifest.code.packages, "torch": "1.0"}})
    seed = {**manifest.settings["training"], "seed": 7}
    other = manifest.model_copy(update={"code": code, "settings": {**manifest.settings, "training": seed}})
    (PublishedStore(copy.published).place(version) / VERSION).write_text(other.model_dump_json(), "utf-8")
    assert main(["reproduce", str(copy.folder), "--version", version]) == 1
    told = capsys.readouterr()
    assert {"best.ckpt: other bytes", "model.onnx: other bytes"} <= set(told.out.splitlines())
    assert "The program is another than then (torch: 1.0 then, " in told.err


def test_what_no_version_needs_is_forgotten_and_the_oldest_goes_where_there_is_no_room(
    store: ArtifactStore, tmp_path: Path
) -> None:
    copy = ArtifactStore(tmp_path / "tiny")
    shutil.copytree(store.folder, copy.folder)
    published, kept = PublishedStore(copy.published), KeptFiles(copy.version_sources)
    first, second = (published.manifest(version) for version in published.versions())
    (copy.version_sources / f"{'a' * 64}.gz").write_bytes(b"of a version that a kill kept from being published")
    forget_sources(copy, published, PublishingSettings())
    assert {path.name[:64] for path in copy.version_sources.iterdir()} == first.sources | second.sources
    size = sum((copy.version_sources / f"{sha256}.gz").stat().st_size for sha256 in second.sources)
    assert kept.prune([second.sources, first.sources], size) == len(first.sources - second.sources)
    assert kept.holds(second.sources)
    with pytest.raises(ArtifactMissing, match=r"does not hold all that 0001-.*keep_sources_mib"):
        version_to_reproduce(copy, first.version)
    with pytest.raises(SettingsError, match=r"'0009-x' is not among the versions kept.*0001-.*, 0002-"):
        version_to_reproduce(copy, "0009-x")
    forget_sources(copy, published, PublishingSettings(keep_sources_mib=0))
    assert list(copy.version_sources.iterdir()) == []


@pytest.mark.parametrize(("damaged", "keep_mib"), [("model.ts", 1024), (VERSION, 0)])
def test_a_damaged_version_keeps_what_it_was_trained_from(
    store: ArtifactStore, tmp_path: Path, damaged: str, keep_mib: int
) -> None:
    copy = ArtifactStore(tmp_path / "tiny")
    shutil.copytree(store.folder, copy.folder)
    published = PublishedStore(copy.published)
    first, second = (published.manifest(version) for version in published.versions())
    (published.place(first.version) / damaged).write_bytes(b"damaged")
    forget_sources(copy, published, PublishingSettings(keep_sources_mib=keep_mib))
    assert KeptFiles(copy.version_sources).holds(first.sources | second.sources)


def test_a_kept_file_that_was_changed_is_told_and_not_used(store: ArtifactStore, tmp_path: Path) -> None:
    copy = ArtifactStore(tmp_path / "tiny")
    shutil.copytree(store.folder, copy.folder)
    manifest = version_to_reproduce(copy, "")
    path = copy.version_sources / f"{manifest.data.files[0].sha256}.gz"
    path.write_bytes(gzip.compress(b"something else"))
    assert [fault for fault in faults_of(copy) if path.name in fault and "changed since it was kept" in fault]
    with pytest.raises(ArtifactMissing, match="changed since it was kept"):
        reproduce(copy, manifest, tmp_path / "again")
