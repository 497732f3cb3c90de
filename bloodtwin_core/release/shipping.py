"""From a finished run's artifacts to the base model of the package: checked, then swapped in whole."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing, CheckpointMismatch
from bloodtwin_core.common.files import atomic_folder, open_to_all, sha256_of
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.export import list_model, write_test_vector
from bloodtwin_core.network.checkpoint import Checkpoint, copy_weights, load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.manifest import Manifest
from bloodtwin_core.pipeline.upstream import stored_windows
from bloodtwin_core.pretrained.files import (
    CARD,
    CHECKPOINT,
    FOLDER,
    INDEX,
    ONNX,
    ONNX_STREAMING,
    RESULTS,
    SCALER,
    TEST_VECTOR,
    TORCHSCRIPT,
    ShippedFiles,
    shipped_file,
)
from bloodtwin_core.release.card import CardFacts, TrainingStep, model_card
from bloodtwin_core.serving.onnx_files import load_onnx, load_streaming
from bloodtwin_core.serving.torchscript import load_torchscript
from bloodtwin_core.training import CheckpointFolder

STAGES = ("trained_checkpoint", "test_results", "torchscript_export", "onnx_export", "streaming_export")
"""What must have been materialized."""


def ship(
    store: ArtifactStore, folder: Path = FOLDER, unseen_people: str = "", started_from: ArtifactStore | None = None
) -> Path:
    """Make the model in the store the base model of the package, and return the path of its card.

    Checks first that checkpoint, exports and test results are those of one training and unchanged since. The folder is
    replaced whole; until then the base model that stood there stays. unseen_people is a Markdown table for the card,
    started_from holds the training whose weights this one started from.
    Raises ArtifactMissing if a stage is missing or a file changed, CheckpointMismatch if they do not belong together,
    StorageError if the folder cannot be written.
    """
    manifest = store.manifest()
    sources = {
        CHECKPOINT: CheckpointFolder(store.checkpoints).best,
        ONNX: store.onnx,
        TORCHSCRIPT: store.torchscript,
        ONNX_STREAMING: store.onnx_streaming,
        RESULTS: store.test_results,
    }
    _require_unchanged(store, manifest, sources)
    checkpoint = load_checkpoint(sources[CHECKPOINT])
    results = TestResults.read(store.test_results)
    made_from = {
        store.onnx: load_onnx(store.onnx)[1].checkpoint_sha256,
        store.torchscript: load_torchscript(store.torchscript)[1].checkpoint_sha256,
        store.onnx_streaming: load_streaming(store.onnx_streaming)[1].checkpoint_sha256,
        store.test_results: results.tested.checkpoint_sha256,
    }
    _require_one_training(checkpoint.sha256, made_from)
    _require_start(checkpoint, started_from)
    facts = CardFacts(
        checkpoint=checkpoint,
        steps=[_step(part) for part in (started_from, store) if part],
        results=results,
        unseen_people=unseen_people,
    )
    with atomic_folder(folder) as temporary:
        for name, path in sources.items():
            if name == CHECKPOINT:
                copy_weights(path, temporary / name)
            else:
                shutil.copyfile(path, temporary / name)
        (temporary / SCALER).write_text(checkpoint.scaler.model_dump_json(indent=2) + "\n", "utf-8")
        (temporary / CARD).write_text(model_card(facts), "utf-8")
        index = ShippedFiles(files={path.name: sha256_of(path) for path in sorted(temporary.iterdir())})
        (temporary / INDEX).write_text(index.model_dump_json(indent=2) + "\n", "utf-8")
    open_to_all(folder)
    return folder / CARD


def describe_exports(folder: Path = FOLDER) -> None:
    """Leave model.json and the test vector beside a base model that was shipped.

    Raises ArtifactMissing if there is none or it was changed, StorageError if the folder cannot be written.
    """
    exports = {
        ONNX: load_onnx(shipped_file(ONNX, folder))[1],
        TORCHSCRIPT: load_torchscript(shipped_file(TORCHSCRIPT, folder))[1],
        ONNX_STREAMING: load_streaming(shipped_file(ONNX_STREAMING, folder))[1],
    }
    for name, facts in exports.items():
        list_model(folder / name, facts)
    write_test_vector(folder / ONNX, folder / TEST_VECTOR)
    open_to_all(folder)


def _step(store: ArtifactStore) -> TrainingStep:
    return TrainingStep(store.manifest().stages["trained_checkpoint"], stored_windows(store)[1].segments)


def _require_start(checkpoint: Checkpoint, started_from: ArtifactStore | None) -> None:
    """The card must tell of everyone whom the weights learned from."""
    best = CheckpointFolder(started_from.checkpoints).best if started_from else None
    if checkpoint.started_from != (sha256_of(best) if best and best.exists() else ""):
        raise CheckpointMismatch(
            f"{checkpoint.path} started from the checkpoint {checkpoint.started_from[:12] or 'of no training'}, "
            f"not from {best or 'none'}. Name the artifacts of the training that it started from with --started-from"
        )


def _require_unchanged(store: ArtifactStore, manifest: Manifest, sources: Mapping[str, Path]) -> None:
    missing = [stage for stage in STAGES if stage not in manifest.stages]
    if missing:
        raise ArtifactMissing(f"{store.manifest_path} knows nothing of {', '.join(missing)}. Materialize them first")
    listed = {name: sha256 for stage in STAGES for name, sha256 in manifest.stages[stage].files.items()}
    for path in sources.values():
        name = path.relative_to(store.folder).as_posix()
        if not path.exists() or sha256_of(path) != listed.get(name):
            raise ArtifactMissing(f"{path} is gone or changed since it was made. Materialize everything again")


def _require_one_training(sha256: str, others: Mapping[Path, str]) -> None:
    stale = [str(path) for path, of in others.items() if of != sha256]
    if stale:
        raise CheckpointMismatch(
            f"{', '.join(stale)}: made from another checkpoint than the one that is there now. "
            "Materialize test_results and the exports again"
        )
