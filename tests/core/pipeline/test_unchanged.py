"""Whoever reads what a stage left checks it against the manifest first, and the manifest tells if it was changed."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bloodtwin_core.common.errors import ArtifactMissing, FolderInUse
from bloodtwin_core.common.hashes import Hashes
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.manifest import Manifest
from tests.assets.tiny_graph import Graph, failure_of

Change = Callable[[ArtifactStore], Path]


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    """A stage left a file and a folder."""
    store = ArtifactStore(tmp_path / "model")
    (store.folder / "windows").mkdir(parents=True)
    for name in ("scaler.json", "windows/a.npy", "windows/b.npy"):
        (store.folder / name).write_text(name)
    files = [store.folder / name for name in ("scaler.json", "windows/a.npy", "windows/b.npy")]
    store.record("stage", files, "version", {})
    return store


def test_what_stands_as_it_was_left_may_be_read(store: ArtifactStore) -> None:
    store.require_unchanged("stage", store.scaler_json, store.windows)
    assert store.faults("stage") == []


def test_a_file_changed_gone_or_new_is_named_with_what_to_do(store: ArtifactStore) -> None:
    (store.windows / "c.npy").touch()
    with pytest.raises(ArtifactMissing, match=r"c\.npy was not left by stage\. Materialize stage again"):
        store.require_unchanged("stage", store.windows)
    (store.windows / "c.npy").unlink()
    (store.windows / "a.npy").write_text("windows/b.npy")
    with pytest.raises(ArtifactMissing, match=r"a\.npy changed since stage left it: its sha256"):
        store.require_unchanged("stage", store.windows)
    store.scaler_json.unlink()
    with pytest.raises(ArtifactMissing, match=r"scaler\.json is not there any more since stage left it"):
        store.require_unchanged("stage", store.scaler_json)
    assert len(store.faults("stage")) == 2
    with pytest.raises(ArtifactMissing, match="knows nothing of another"):
        store.require_unchanged("another", store.scaler_json)


def test_a_manifest_that_was_changed_is_not_believed(store: ArtifactStore) -> None:
    content = json.loads(store.manifest_path.read_text())
    content["stages"]["stage"]["python"] = "2.7"
    store.manifest_path.write_text(json.dumps(content))
    with pytest.raises(ArtifactMissing, match=r"manifest\.json is damaged.*changed since it was written"):
        store.manifest()
    store.manifest_path.write_bytes(b"\xff{")
    with pytest.raises(ArtifactMissing, match=r"manifest\.json is damaged"):
        store.manifest()


def test_a_manifest_from_before_it_had_a_sha256_still_loads(store: ArtifactStore) -> None:
    content = json.loads(store.manifest_path.read_text())
    del content["sha256"], content["stages"]["stage"]["run"]
    store.manifest_path.write_text(json.dumps(content))
    assert store.manifest().stages["stage"].run == ""
    Manifest.model_validate_json(store.manifest().model_dump_json())


def test_the_manifest_names_the_run_and_only_its_owner_writes_there(store: ArtifactStore) -> None:
    own = ArtifactStore(store.folder, Owner(run="a1"))
    with own.owned():
        own.record("mine", [], "version", {})
        with pytest.raises(FolderInUse):
            store.record("theirs", [], "version", {})
    assert store.manifest().stages["mine"].run == "a1"
    assert "theirs" not in store.manifest().stages


def test_large_files_are_read_once_a_run_as_long_as_nothing_touches_them(tmp_path: Path) -> None:
    path, hashes = tmp_path / "series.npy", Hashes(large=3)
    path.write_text("large")
    first = hashes.of(path)
    status = path.stat()
    path.write_text("other")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert hashes.of(path) == first, "it was read again"
    os.utime(path)
    assert hashes.of(path) != first


def scaled_scaler(store: ArtifactStore) -> Path:
    scaler = json.loads(store.scaler_json.read_text())
    store.scaler_json.write_text(json.dumps({**scaler, "scale": [3 * scale for scale in scaler["scale"]]}))
    return store.scaler_json


def halved_series(store: ArtifactStore) -> Path:
    path = store.windows / "series.npy"
    np.save(path, np.load(path) / 2)
    return path


def biased_checkpoint(store: ArtifactStore) -> Path:
    path = store.checkpoints / "best.ckpt"
    content = torch.load(path, weights_only=True)
    name = next(name for name in content["state_dict"] if "bias" in name)
    content["state_dict"][name] += 1
    torch.save(content, path)
    return path


def forecasts_of_the_truth(store: ArtifactStore) -> Path:
    path = store.test_forecasts / "model.npy"
    path.write_bytes((store.test_forecasts / "target.npy").read_bytes())
    return path


def results_of_one(store: ArtifactStore) -> Path:
    lines = store.test_results.read_text().splitlines()
    store.test_results.write_text("\n".join(["test_mae: 1.0", *lines[1:]]) + "\n")
    return store.test_results


@pytest.mark.parametrize(
    ("change", "reader"),
    [
        (scaled_scaler, "windowed_tensors"),
        (halved_series, "trained_checkpoint"),
        (halved_series, "test_results"),
        (biased_checkpoint, "personal_checkpoints"),
        (biased_checkpoint, "onnx_export"),
        (biased_checkpoint, "torchscript_export"),
        (biased_checkpoint, "streaming_export"),
        (biased_checkpoint, "test_results"),
        (forecasts_of_the_truth, "evaluation_report"),
        (results_of_one, "evaluation_report"),
    ],
)
def test_nothing_is_made_from_what_changed(copied: Graph, change: Change, reader: str) -> None:
    changed = change(copied.store)
    before = copied.files()
    said = failure_of(copied.run(reader), reader)
    assert f"{changed} changed since" in said
    assert copied.files() == before


@pytest.mark.parametrize(
    ("export", "file"),
    [("onnx_export", "onnx"), ("torchscript_export", "torchscript"), ("streaming_export", "onnx_streaming")],
)
def test_an_export_that_changed_passes_no_check(copied: Graph, export: str, file: str) -> None:
    path = getattr(copied.store, file)
    path.write_bytes(path.read_bytes() + b"\0")
    assert f"{path} changed since {export} left it" in failure_of(
        copied.run_checks(export), f"{export}_agrees_with_checkpoint"
    )


def test_results_that_changed_pass_no_target(copied: Graph) -> None:
    results_of_one(copied.store)
    assert "test_results.yaml changed since" in failure_of(copied.run_checks("test_results"), "targets")


@pytest.mark.parametrize("check", ["continuity", "raw_pump_splits_stated_insulin"])
def test_a_changed_list_of_split_files_passes_no_check(copied: Graph, check: str) -> None:
    path = copied.store.raw_splits
    path.write_text(path.read_text() + "\n")
    assert f"{path} changed since raw_pump_splits left it" in failure_of(copied.run_checks("raw_pump_splits"), check)


def test_a_start_from_another_models_checkpoint_that_changed_is_refused(copied: Graph) -> None:
    changed = biased_checkpoint(copied.store)
    other = {"model": {"name": "other"}, "training": {"start_from": str(changed)}}
    stages = ["raw_pump_splits", "fitted_scaler", "windowed_tensors", "trained_checkpoint"]
    said = failure_of(copied.run(*stages, **other), "trained_checkpoint")
    assert f"{changed} changed since trained_checkpoint left it" in said
